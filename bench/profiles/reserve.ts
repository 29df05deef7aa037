/** The first question anybody asks: 5,000 buyers a second at one event, open loop, a seat for each. */
import { sell } from '../sell.ts';
import type { Profile } from './profile.ts';
import { steadyTitle } from './titles.ts';

export const reserve: Profile = {
  name: 'reserve',
  about: 'a steady rate of arrivals for a while, a seat for everyone: latency and errors',
  settings: () => null,
  measure: async (bench, run) => {
    const { perSecond, seconds } = bench.sizes.steady;
    const buyers = perSecond * seconds;
    const result = await sell(bench, {
      profile: 'reserve',
      variant: steadyTitle(perSecond, seconds),
      run,
      buyers,
      seats: buyers,
      arrivals: { kind: 'even', perSecond },
      changes: { settleMs: bench.sizes.settleMs },
    });
    return [result];
  },
};
