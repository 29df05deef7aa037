/** Every metric of this service, with unit and labels. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const batchSizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const batchSeconds = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1];

export type BookingMetrics = {
  reserved: (tickets: number) => void;
  confirmed: (tickets: number) => void;
  released: (cause: string, tickets: number) => void;
  refused: (reason: string) => void;
  conflict: () => void;
  batch: (
    kind: 'reserve' | 'confirm' | 'settle' | 'end',
    batch: { size: number; seconds: number; failed: boolean },
  ) => void;
  sweep: (lapsed: number) => void;
};

/** Registers the metrics; `waiting` gives the length of the reserve queue when it is scraped. */
export function createBookingMetrics(registry: Registry, waiting: () => number): BookingMetrics {
  const registers = [registry];
  new Gauge({
    name: 'evently_booking_queue_length_items',
    help: 'Reservations waiting for their batch',
    registers,
    collect() {
      this.set(waiting());
    },
  });
  return { ...ticketMetrics(registers), ...batchMetrics(registers) };
}

type TicketMetrics = Pick<BookingMetrics, 'reserved' | 'confirmed' | 'released' | 'refused' | 'sweep'>;

/** What became of tickets. */
function ticketMetrics(registers: Registry[]): TicketMetrics {
  const reserved = new Counter({
    name: 'evently_booking_tickets_reserved_total',
    help: 'Tickets that reservations and offers took',
    registers,
  });
  const confirmed = new Counter({
    name: 'evently_booking_tickets_sold_total',
    help: 'Tickets sold: their booking was confirmed',
    registers,
  });
  const released = new Counter({
    name: 'evently_booking_tickets_released_total',
    help: 'Tickets given back, by cause',
    labelNames: ['cause'],
    registers,
  });
  const refused = new Counter({
    name: 'evently_booking_refusals_total',
    help: 'Reservations refused, by reason',
    labelNames: ['reason'],
    registers,
  });
  const lapsed = new Counter({
    name: 'evently_booking_holds_lapsed_total',
    help: 'Holds that the sweeper released',
    registers,
  });
  return {
    reserved: (tickets) => reserved.inc(tickets),
    confirmed: (tickets) => confirmed.inc(tickets),
    released: (cause, tickets) => released.inc({ cause }, tickets),
    refused: (reason) => refused.inc({ reason }),
    sweep: (count) => lapsed.inc(count),
  };
}

/** How batches went. */
function batchMetrics(registers: Registry[]): Pick<BookingMetrics, 'conflict' | 'batch'> {
  const conflicts = new Counter({
    name: 'evently_booking_version_conflicts_total',
    help: 'Batches before which another process had changed the event',
    registers,
  });
  const batches = new Counter({
    name: 'evently_booking_batches_total',
    help: 'Batches by kind and outcome',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const sizes = new Histogram({
    name: 'evently_booking_batch_size_items',
    help: 'Requests in one batch',
    labelNames: ['kind'],
    buckets: batchSizes,
    registers,
  });
  const seconds = new Histogram({
    name: 'evently_booking_batch_duration_seconds',
    help: 'Time of one batch, commit included',
    labelNames: ['kind'],
    buckets: batchSeconds,
    registers,
  });
  return {
    conflict: () => conflicts.inc(),
    batch: (kind, batch) => {
      batches.inc({ kind, outcome: batch.failed ? 'failed' : 'done' });
      sizes.observe({ kind }, batch.size);
      seconds.observe({ kind }, batch.seconds);
    },
  };
}
