/** A sale in a database of the benchmark's own: the event is written by SQL, the buyers are the platform's. */
import type { Database } from '@evently/kit/postgres';
import type { Bench } from './bench.ts';
import { processOf, type Place } from './place.ts';
import { prepareReservations } from './requests.ts';
import type { Arrivals, SaleResult } from './result.ts';
import { runSale } from './run-sale.ts';
import { stockEvent } from './stock-event.ts';

export type DirectSale = {
  profile: string;
  variant: string;
  run: number;
  buyers: number;
  arrivals: Arrivals;
  /** Whether a house that is not full is a fault. */
  fills: boolean;
  /** How long the database's counters are given to come in; the usual time without it. */
  settleMs?: number;
  /** Told the event before anybody arrives. */
  opened?: (eventId: string, seats: number) => Promise<void>;
};

/** A seat for every buyer: what is not sold was lost to conflicts. */
export async function sellDirectly(
  bench: Bench,
  place: Place,
  db: Database,
  sale: DirectSale,
): Promise<SaleResult> {
  const { profile, variant, run, buyers, arrivals, fills } = sale;
  bench.say(`${profile}: ${variant}, run ${run}`);
  const { eventId } = await stockEvent(db, buyers);
  await sale.opened?.(eventId, buyers);
  const tokens = await bench.tokens.take(processOf(place), buyers);
  const [target] = place.targets;
  if (target === undefined) throw new Error('a place has at least one target');
  const requests = prepareReservations({ target, path: place.path, eventId, tokens, quantityOf: () => 1 });
  return runSale(place, {
    profile,
    variant,
    run,
    eventId,
    seats: buyers,
    requests,
    quantityOf: () => 1,
    buyerOf: (index) => index,
    arrivals,
    obeysRetryAfter: false,
    repeatsUnanswered: false,
    expects: { fills, quiet: true, keeps: true },
    settleMs: sale.settleMs ?? bench.sizes.settleMs,
  });
}
