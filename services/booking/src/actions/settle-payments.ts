/** Applies payment outcomes to bookings, coalesced per event: one lock and one commit for all that wait. */
import { createBatcher, endlessQueue, type Batcher } from '@evently/kit/batcher';
import type { Booking } from '../domain/booking.ts';
import { settlementOf, type PaymentOutcome, type Settlement } from '../domain/payment.ts';
import { fits } from '../domain/stock.ts';
import type { BookingMetrics } from '../metrics.ts';
import { lockBookings } from '../store/bookings.ts';
import { listRefunds } from '../store/refunds.ts';
import { countHeldNow } from './offer-stock.ts';
import { changeStock, type StockChange, type StockDeps } from './change-stock.ts';

export type SettleItem = { booking: Pick<Booking, 'id' | 'eventId'>; outcome: PaymentOutcome };
export type SettleSettings = { maxBatch: number; unknownCheckSeconds: number };
export type SettleDeps = StockDeps & { metrics: BookingMetrics; settle: SettleSettings };
export type Settler = {
  /** The booking as it is after the outcome was applied; null when it is unknown. */
  settle: (item: SettleItem) => Promise<Booking | null>;
  drained: () => Promise<void>;
};

export function createSettler(deps: SettleDeps): Settler {
  const batcher: Batcher<SettleItem, Booking | null> = createBatcher({
    name: 'settle',
    run: (eventId, items) => settleBatch(deps, eventId, items),
    maxBatch: deps.settle.maxBatch,
    // Refusing an outcome would only put it off: the money has moved.
    ...endlessQueue,
    observe: (batch) => deps.metrics.batch('settle', batch),
  });
  return {
    settle: async (item) => {
      const submitted = await batcher.submit(item.booking.eventId, item);
      if (submitted.kind !== 'done') throw new Error(`a settlement was not taken: ${submitted.kind}`);
      return submitted.result;
    },
    drained: batcher.drained,
  };
}

/** One transaction for the outcomes of one event. Answers each booking as it is afterwards, in order. */
export async function settleBatch(
  deps: SettleDeps,
  eventId: string,
  items: readonly SettleItem[],
): Promise<(Booking | null)[]> {
  const outcome = await changeStock(deps, eventId, 'settle', (change) => settleWithin(deps, change, items));
  return outcome?.value ?? items.map(() => null);
}

/** The same inside a change that has begun, for messages that must share its transaction. */
export async function settleWithin(
  deps: SettleDeps,
  change: StockChange,
  items: readonly SettleItem[],
): Promise<(Booking | null)[]> {
  const bookings = await lockBookings(
    change.client,
    change.sale.eventId,
    items.map((item) => item.booking.id),
  );
  const refunded = await readRefundedAttempts(change, [...bookings.values()]);
  const results: (Booking | null)[] = [];
  for (const { booking: asked, outcome } of items) {
    const booking = bookings.get(asked.id);
    if (booking === undefined || refunded.has(`${asked.id} ${outcome.attempt}`)) {
      results.push(booking ?? null);
      continue;
    }
    const settlement = await withinLimits(change, booking, settlementOf(booking, outcome, change.now));
    if (settlement.kind === 'refund') refunded.add(`${booking.id} ${outcome.attempt}`);
    const settled = applySettlement(deps, change, booking, outcome, settlement);
    bookings.set(booking.id, settled);
    results.push(settled);
  }
  return results;
}

type Decided = Exclude<Settlement, { kind: 'reinstate-or-refund' }>;

/** Late money brings its booking back only while the seats are there and within the buyer's limit (I10, I13). */
async function withinLimits(change: StockChange, booking: Booking, settlement: Settlement): Promise<Decided> {
  if (settlement.kind !== 'reinstate-or-refund') return settlement;
  const { status, maxPerBuyer } = change.sale;
  const sellable = status === 'published' && fits(change.stock, booking.lines);
  const has =
    sellable && maxPerBuyer !== null
      ? ((await countHeldNow(change, [booking.userId])).get(booking.userId) ?? 0)
      : 0;
  const allowed = maxPerBuyer === null || has + booking.quantity <= maxPerBuyer;
  if (!sellable || !allowed) return { kind: 'refund', reason: 'late_payment' };
  return { kind: 'move', to: 'confirmed', cause: 'late_payment', patch: settlement.patch };
}

/**
 * Attempts whose money was sent back already: it must not bring its booking back as well. The ordinary
 * booking is `paying` and costs no statement here.
 */
async function readRefundedAttempts(change: StockChange, bookings: readonly Booking[]): Promise<Set<string>> {
  const suspect = bookings.filter(
    ({ status, attempt }) => !(status === 'paying' || status === 'confirmed') || attempt > 1,
  );
  if (suspect.length === 0) return new Set();
  const refunds = await listRefunds(
    change.client,
    suspect.map((booking) => booking.id),
  );
  return new Set(refunds.map((refund) => `${refund.bookingId} ${refund.attempt}`));
}

function applySettlement(
  deps: SettleDeps,
  change: StockChange,
  booking: Booking,
  outcome: PaymentOutcome,
  settlement: Decided,
): Booking {
  switch (settlement.kind) {
    case 'nothing':
      return booking;
    case 'refund':
      change.refund({
        booking,
        amountMinor: booking.totalMinor,
        reason: settlement.reason,
        attempt: outcome.attempt,
      });
      return booking;
    case 'move': {
      const patch =
        settlement.to === 'confirmed' ? { ...settlement.patch, confirmedAt: change.now } : settlement.patch;
      const checkAt =
        settlement.to === 'payment_unknown'
          ? new Date(change.now.getTime() + deps.settle.unknownCheckSeconds * 1000)
          : null;
      return change.transition(booking, settlement.to, settlement.cause, patch, checkAt);
    }
  }
}
