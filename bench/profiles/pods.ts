/** One, two, four and sixteen booking processes sell one event together: more must not make it slower. */
import { startPods } from '../pods.ts';
import type { SaleResult } from '../result.ts';
import { sell, warmUp } from '../sell.ts';
import type { Profile } from './profile.ts';
import { processesTitle } from './titles.ts';

const profile = 'pods';
// The embedded server makes room for as many connections as the pools of the platform may open.
const roomForConnections = '50';

export const pods: Profile = {
  name: profile,
  about: '1, 2, 4 and 16 booking processes on one event, open loop',
  // The few processes of a small run fit beside the platform's own connections.
  settings: ({ name }) => (name === 'full' ? { BOOKING_POOL_SIZE: roomForConnections } : null),
  measure: async (bench, run) => {
    const { counts, buyers, perSecond, warmUpBuyers } = bench.sizes.pods;
    const results: SaleResult[] = [];
    for (const count of counts) {
      const started = await startPods(bench, count);
      try {
        const together = {
          profile,
          variant: processesTitle(count),
          run,
          arrivals: { kind: 'even', perSecond },
          place: started.place,
          changes: { obeysRetryAfter: true },
        } as const;
        // New processes are slow at first, and the more of them there are, the longer.
        await warmUp(bench, { ...together, buyers: warmUpBuyers });
        results.push(await sell(bench, { ...together, buyers, seats: buyers }));
      } finally {
        await started.stop();
      }
    }
    return results;
  },
};
