/** The usual run of a profile: an event, fresh buyers, one reservation each. */
import { platformPlace, stage, type Bench } from './bench.ts';
import { prepareReservations } from './requests.ts';
import { processOf, type Place } from './place.ts';
import { runSale, type SalePlan } from './run-sale.ts';
import type { Arrivals, SaleResult } from './result.ts';

export type SellPlan = {
  profile: string;
  variant: string;
  run: number;
  buyers: number;
  seats: number;
  arrivals: Arrivals;
  /** Seats each buyer asks for; one without it. */
  quantityOf?: (buyer: number) => number;
  /** Which buyer's request arrival `index` is; without it, each arrival is another buyer. */
  arrivalsOf?: readonly number[];
  /** Where they go; the platform's gateway without it. */
  place?: Place;
  changes?: Partial<
    Pick<SalePlan, 'obeysRetryAfter' | 'repeatsUnanswered' | 'expects' | 'settleMs' | 'onSale' | 'besides'>
  >;
};

/** A sale that nothing is kept of: the first seconds of a process are its slowest. Nothing happens without buyers. */
export async function warmUp(bench: Bench, plan: Omit<SellPlan, 'variant' | 'seats'>): Promise<void> {
  if (plan.buyers > 0) await sell(bench, { ...plan, variant: 'warm-up', seats: plan.buyers });
}

/** Stages the event, issues the tokens, sells, and reads everything back. */
export async function sell(bench: Bench, plan: SellPlan): Promise<SaleResult> {
  const place = plan.place ?? platformPlace(bench);
  const [target] = place.targets;
  if (target === undefined) throw new Error('a place has at least one target');
  bench.say(`${plan.profile}: ${plan.variant}, run ${plan.run}`);
  const eventId = await stage(bench, `Bench ${plan.variant}`, plan.seats);
  const tokens = await bench.tokens.take(processOf(place), plan.buyers);
  const quantityOf = plan.quantityOf ?? (() => 1);
  const reservations = prepareReservations({ target, path: place.path, eventId, tokens, quantityOf });
  const order = plan.arrivalsOf ?? reservations.map((_, buyer) => buyer);
  const buyerOf = (index: number): number => order[index] ?? index;
  return runSale(place, {
    profile: plan.profile,
    variant: plan.variant,
    run: plan.run,
    eventId,
    seats: plan.seats,
    requests: order.map((buyer) => reservations[buyer] ?? Buffer.alloc(0)),
    quantityOf: (index) => quantityOf(buyerOf(index)),
    buyerOf,
    arrivals: plan.arrivals,
    obeysRetryAfter: false,
    repeatsUnanswered: false,
    expects: { fills: true, quiet: true, keeps: true },
    settleMs: bench.sizes.shortSettleMs,
    ...plan.changes,
  });
}
