/** After the last ticket: of a thousand buyers one is served, the others are refused. */
import { sell } from '../sell.ts';
import type { Profile } from './profile.ts';

const profile = 'storm';
const buyersPerSeat = 1_000;

export const storm: Profile = {
  name: profile,
  about: 'a sold-out storm: 99.9 % refusals, at a rate and as the maximum of a closed loop',
  settings: () => null,
  measure: async (bench, run) => {
    const { buyers, perSecond } = bench.sizes.storm;
    const common = { profile, run, buyers, seats: Math.ceil(buyers / buyersPerSeat) };
    return [
      await sell(bench, { ...common, variant: 'open loop', arrivals: { kind: 'even', perSecond } }),
      await sell(bench, {
        ...common,
        variant: 'closed-loop maximum',
        arrivals: { kind: 'maximum', connections: bench.sizes.maximum.connections },
      }),
    ];
  },
};
