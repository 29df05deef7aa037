/** Every metric of this service, as values: names, units, labels with what they may be, and what each means. */
import {
  defineCounter,
  defineGauge,
  defineHistogram,
  shortBuckets,
  sizeBuckets,
} from '@evently/kit/metrics-define';
import { eventLabel } from '@evently/kit/metrics-events';

const event = eventLabel;
export const batchKinds = ['reserve', 'confirm', 'settle', 'end'] as const;
export const refusalReasons = [
  'sold-out',
  'not-enough-seats',
  'sale-not-open',
  'sale-closed',
  'event-cancelled',
  'unknown-event',
  'unknown-tier',
  'tier-required',
  'over-booking-limit',
  'limit-reached',
  'key-reused',
  'queue-full',
  'other',
] as const;
export const releaseCauses = [
  'hold_lapsed',
  'returned_by_buyer',
  'cancelled_by_buyer',
  'event_cancelled',
  'payment_given_up',
  'forced',
  'other',
] as const;

/** What this process did. Add them over processes. */
export const bookingCounters = {
  reserved: defineCounter({
    name: 'evently_booking_tickets_reserved_total',
    help: 'Tickets that reservations and offers took',
    labels: { event },
  }),
  sold: defineCounter({
    name: 'evently_booking_tickets_sold_total',
    help: 'Tickets sold: their booking was confirmed',
    labels: { event },
  }),
  released: defineCounter({
    name: 'evently_booking_tickets_released_total',
    help: 'Tickets that went back, held or sold, by cause',
    labels: { event, cause: releaseCauses },
  }),
  refused: defineCounter({
    name: 'evently_booking_refusals_total',
    help: 'Reservations refused, by reason',
    labels: { event, reason: refusalReasons },
  }),
  batches: defineCounter({
    name: 'evently_booking_batches_total',
    help: 'Batches of requests by kind and outcome; failed ones are run again item by item',
    labels: { event, kind: batchKinds, outcome: ['done', 'failed'] },
  }),
  changes: defineCounter({
    name: 'evently_booking_stock_changes_total',
    help: "Committed changes of an event's stock, each of which raised its version by one; version conflicts are a share of these",
    labels: {
      event,
      cause: ['reserve', 'settle', 'cancel', 'expire', 'inventory', 'block', 'waitlist'],
    },
  }),
  conflicts: defineCounter({
    name: 'evently_booking_version_conflicts_total',
    help: 'Changes of stock before which another process had changed the event',
    labels: { event },
  }),
  retries: defineCounter({
    name: 'evently_booking_retries_total',
    help: 'Batches that were run again: split item by item after a failure, or carefully in order when the one statement left them',
    labels: { kind: batchKinds, reason: ['split', 'careful'] },
  }),
  lapsed: defineCounter({
    name: 'evently_booking_holds_lapsed_total',
    help: 'Holds that the sweeper released',
    labels: {},
  }),
  confirmations: defineCounter({
    name: 'evently_booking_confirmations_total',
    help: 'Confirmations asked for, and what they came to: paid, declined, unknown (the payment is open), repeated (answered before), refused, failed',
    labels: { outcome: ['asked', 'paid', 'declined', 'unknown', 'repeated', 'refused', 'failed'] },
  }),
} as const;

export const bookingHistograms = {
  sizes: defineHistogram({
    name: 'evently_booking_batch_size_items',
    help: 'Requests in one batch',
    labels: { kind: batchKinds },
    buckets: sizeBuckets,
  }),
  seconds: defineHistogram({
    name: 'evently_booking_batch_duration_seconds',
    help: 'Time of one batch, commit included, in seconds',
    labels: { kind: batchKinds },
    buckets: shortBuckets,
  }),
  waits: defineHistogram({
    name: 'evently_booking_queue_wait_duration_seconds',
    help: 'Time that the first request of a batch waited in line, in seconds; observed once a batch, so it is the longest wait of each',
    labels: { kind: batchKinds },
    buckets: shortBuckets,
  }),
} as const;

export const queueLength = defineGauge({
  name: 'evently_booking_queue_length_items',
  help: 'Reservations waiting for their batch in this process',
  labels: {},
});

const everyProcess =
  'Read from the database at the scrape: every process of booking reports the same, so take max by (event), never the sum';

/** What the database says. No series when it could not be read within 15 seconds. */
export const bookingFigures = {
  saleName: defineGauge({
    name: 'evently_booking_sale_info',
    help: `1 for each event with a label of its own, with its name. ${everyProcess}`,
    labels: { event, name: "the event's name, cut to 80 characters: one for each event" },
  }),
  phase: defineGauge({
    name: 'evently_booking_sale_phase_info',
    help: `1 for the phase that the sale is in by the clock of the database, 0 for the others. ${everyProcess}`,
    labels: { event, phase: ['scheduled', 'open', 'closed'] },
  }),
  opensIn: defineGauge({
    name: 'evently_booking_sale_opens_in_seconds',
    help: `Seconds until the sale opens, negative once it has; none for a sale without an opening. ${everyProcess}`,
    labels: { event },
  }),
  openedLate: defineGauge({
    name: 'evently_booking_sale_opened_late_seconds',
    help: `Seconds from the opening to the first reservation; looked for in the first hour after the opening. ${everyProcess}`,
    labels: { event },
  }),
  inventory: defineGauge({
    name: 'evently_booking_inventory_tickets',
    help: `Tickets by state; available, held, sold and blocked add up to the capacity. ${everyProcess}`,
    labels: { event, state: ['capacity', 'available', 'held', 'sold', 'blocked'] },
  }),
  oversold: defineGauge({
    name: 'evently_booking_oversold_tickets',
    help: `Tickets held or sold beyond the capacity of their tier, counted from the bookings themselves and not from the counters of the stock: 0 is right. ${everyProcess}`,
    labels: { event },
  }),
  oldestUnswept: defineGauge({
    name: 'evently_booking_oldest_unswept_hold_seconds',
    help: `Seconds since the oldest hold ran out whose seats are not back yet; 0 when there is none. ${everyProcess}`,
    labels: {},
  }),
  waitlist: defineGauge({
    name: 'evently_booking_waitlist_entries_items',
    help: `Entries of the waitlist by state. ${everyProcess}`,
    labels: { event, state: ['waiting', 'offered'] },
  }),
  open: defineGauge({
    name: 'evently_booking_bookings_items',
    help: `Bookings whose payment is open now, by status. ${everyProcess}`,
    labels: { status: ['paying', 'payment_unknown'] },
  }),
} as const;
