/** Thundering herds: everyone arrives within a moment, for a house that is too small. */
import type { Bench } from '../bench.ts';
import { startPods } from '../pods.ts';
import type { SaleResult } from '../result.ts';
import { sell } from '../sell.ts';
import type { Profile } from './profile.ts';
import { herdTitle } from './titles.ts';

const profile = 'herd';

export const herds: Profile = {
  name: profile,
  about: 'thundering herds for a small house, and one larger than the queue',
  settings: () => null,
  measure: async (bench, run) => {
    const results: SaleResult[] = [];
    for (const herd of bench.sizes.herds) {
      results.push(
        await sell(bench, {
          profile,
          variant: herdTitle(herd.buyers, herd.seats),
          run,
          buyers: herd.buyers,
          seats: herd.seats,
          arrivals: { kind: 'even', perSecond: herd.perSecond },
        }),
      );
    }
    results.push(await overflow(bench, run));
    return results;
  },
};

/** More arrive than may wait: those are sent away with 503, come again after Retry-After, and the house fills. */
async function overflow(bench: Bench, run: number): Promise<SaleResult> {
  const { buyers, seats, perSecond, queue } = bench.sizes.overflow;
  const pods = await startPods(bench, 1, {
    BOOKING_MIN_QUEUE: String(queue),
    BOOKING_MAX_QUEUE: String(queue),
  });
  try {
    return await sell(bench, {
      profile,
      variant: `${herdTitle(buyers, seats)}, shed`,
      run,
      buyers,
      seats,
      arrivals: { kind: 'even', perSecond },
      place: pods.place,
      changes: { obeysRetryAfter: true },
    });
  } finally {
    await pods.stop();
  }
}
