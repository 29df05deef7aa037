/** A minute of steady sales: the memory of the booking process must not grow with what it has sold. */
import { startPods } from '../pods.ts';
import { sell, warmUp } from '../sell.ts';
import type { Profile } from './profile.ts';
import { steadyTitle } from './titles.ts';

const profile = 'memory';

export const memory: Profile = {
  name: profile,
  about: 'the memory of the booking process over a minute of 10,000 arrivals a second',
  settings: () => null,
  measure: async (bench, run) => {
    const { perSecond, seconds, warmUpBuyers } = bench.sizes.memory;
    const pods = await startPods(bench, 1);
    try {
      const arrivals = { kind: 'even', perSecond } as const;
      const common = { profile, run, arrivals, place: pods.place };
      await warmUp(bench, { ...common, buyers: warmUpBuyers });
      const buyers = perSecond * seconds;
      const variant = steadyTitle(perSecond, seconds);
      return [await sell(bench, { ...common, variant, buyers, seats: buyers })];
    } finally {
      await pods.stop();
    }
  },
};
