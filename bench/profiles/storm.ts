/** After the last ticket: of a thousand buyers one is served, the others are refused. */
import { formatCount } from 'evently/screen/table';
import type { SaleResult } from '../result.ts';
import { sell } from '../sell.ts';
import type { Profile } from './profile.ts';
import { maximumTitle } from './titles.ts';

const profile = 'storm';
const buyersPerSeat = 1_000;

export const storm: Profile = {
  name: profile,
  about: 'a sold-out storm: 99.9 % refusals, at rates and as the maximum of a closed loop',
  settings: () => null,
  measure: async (bench, run) => {
    const { buyers, ratesPerSecond } = bench.sizes.storm;
    const common = { profile, run, buyers, seats: Math.ceil(buyers / buyersPerSeat) };
    const results: SaleResult[] = [];
    for (const perSecond of ratesPerSecond) {
      const variant = `${formatCount(perSecond)} arrivals/s`;
      results.push(await sell(bench, { ...common, variant, arrivals: { kind: 'even', perSecond } }));
    }
    const { connections } = bench.sizes.maximum;
    const arrivals = { kind: 'maximum', connections } as const;
    results.push(await sell(bench, { ...common, variant: maximumTitle, arrivals }));
    return results;
  },
};
