/** What this process counts of its sales: mostly once a batch, by what its commit changed. */
import type { Registry } from 'prom-client';
import type { ObservedBatch } from '@evently/kit/batcher';
import { addCounter, addGauge, addHistogram } from '@evently/kit/metrics-define';
import { createBoundedEvents, type BoundedEvents } from '@evently/kit/metrics-events';
import type { StockCause } from './actions/change-stock.ts';
import type { Cause } from './domain/booking.ts';
import type { Refusal } from './domain/refusals.ts';
import {
  batchKinds,
  bookingCounters,
  bookingHistograms,
  queueLength,
  refusalReasons,
  releaseCauses,
} from './metrics-definitions.ts';

export type BatchKind = (typeof batchKinds)[number];
export type ConfirmationOutcome =
  'asked' | 'paid' | 'declined' | 'unknown' | 'repeated' | 'refused' | 'failed';

/** What one commit changed of an event's stock. */
export type CountedChange = {
  eventId: string;
  /** Why it raised the event's version, once for each time it did. */
  causes: readonly StockCause[];
  /** Another process had made the change before it. */
  conflict: boolean;
  reserved: number;
  sold: number;
  released: readonly { cause: Cause; tickets: number }[];
};

export type BookingMetrics = {
  changed: (change: CountedChange) => void;
  refused: (eventId: string, reason: Refusal['kind']) => void;
  batch: (kind: BatchKind, batch: ObservedBatch) => void;
  /** The one statement left a batch to the careful way. */
  careful: (kind: BatchKind) => void;
  confirmation: (outcome: ConfirmationOutcome) => void;
  sweep: (lapsed: number) => void;
};

export type BookingMetricsOptions = {
  registry: Registry;
  nowMs: () => number;
  /** Length of the reserve queue at the scrape. */
  waiting: () => number;
};

/** Registers the metrics; `events` says which events have a label of their own. */
export function createBookingMetrics(
  options: BookingMetricsOptions,
): BookingMetrics & { events: BoundedEvents } {
  const { registry, nowMs, waiting } = options;
  addGauge(registry, queueLength, (gauge) => gauge.set({}, waiting()));
  const lapsed = addCounter(registry, bookingCounters.lapsed);
  const confirmations = addCounter(registry, bookingCounters.confirmations);
  const refused = addCounter(registry, bookingCounters.refused);
  for (const outcome of bookingCounters.confirmations.labels.outcome) confirmations.inc({ outcome }, 0);
  const events = createBoundedEvents({ nowMs, ...createEventSeries(registry) });
  return {
    events,
    changed: createChanges(registry, events),
    ...createBatches(registry, events),
    refused: (eventId, kind) => {
      const reason = refusalReasons.find((each) => each === kind) ?? 'other';
      refused.inc({ event: events.labelOf(eventId), reason });
    },
    confirmation: (outcome) => confirmations.inc({ outcome }),
    sweep: (count) => lapsed.inc({}, count),
  };
}

/** A crowd is refused for these between two scrapes: a counter that began with it would show no increase. */
const crowdRefusals = ['sold-out', 'sale-not-open'] as const;

/** The series of an event begin at 0, so that its first sale is an increase, and go when it has no label any more. */
function createEventSeries(registry: Registry): {
  began: (event: string) => void;
  ended: (event: string) => void;
} {
  const changes = addCounter(registry, bookingCounters.changes);
  const conflicts = addCounter(registry, bookingCounters.conflicts);
  const reserved = addCounter(registry, bookingCounters.reserved);
  const sold = addCounter(registry, bookingCounters.sold);
  const released = addCounter(registry, bookingCounters.released);
  const refused = addCounter(registry, bookingCounters.refused);
  const batches = addCounter(registry, bookingCounters.batches);
  return {
    began: (event) => {
      for (const counter of [conflicts, reserved, sold]) counter.inc({ event }, 0);
      changes.inc({ event, cause: 'reserve' }, 0);
      batches.inc({ event, kind: 'reserve', outcome: 'done' }, 0);
      for (const reason of crowdRefusals) refused.inc({ event, reason }, 0);
    },
    ended: (event) => {
      for (const counter of [conflicts, reserved, sold]) counter.remove({ event });
      for (const counter of [changes, released, refused, batches]) counter.removeEach('event', event);
    },
  };
}

function createChanges(registry: Registry, events: BoundedEvents): BookingMetrics['changed'] {
  const changes = addCounter(registry, bookingCounters.changes);
  const conflicts = addCounter(registry, bookingCounters.conflicts);
  const reserved = addCounter(registry, bookingCounters.reserved);
  const sold = addCounter(registry, bookingCounters.sold);
  const released = addCounter(registry, bookingCounters.released);
  return (change) => {
    const sells = change.reserved + change.sold > 0;
    const event = sells ? events.sellingLabelOf(change.eventId) : events.labelOf(change.eventId);
    for (const cause of change.causes) changes.inc({ event, cause });
    if (change.conflict) conflicts.inc({ event });
    if (change.reserved > 0) reserved.inc({ event }, change.reserved);
    if (change.sold > 0) sold.inc({ event }, change.sold);
    for (const { cause: why, tickets } of change.released) {
      released.inc({ event, cause: releaseCauses.find((each) => each === why) ?? 'other' }, tickets);
    }
  };
}

function createBatches(registry: Registry, events: BoundedEvents): Pick<BookingMetrics, 'batch' | 'careful'> {
  const batches = addCounter(registry, bookingCounters.batches);
  const retries = addCounter(registry, bookingCounters.retries);
  const sizes = addHistogram(registry, bookingHistograms.sizes);
  const seconds = addHistogram(registry, bookingHistograms.seconds);
  const waits = addHistogram(registry, bookingHistograms.waits);
  for (const kind of batchKinds) retries.inc({ kind, reason: 'split' }, 0);
  retries.inc({ kind: 'reserve', reason: 'careful' }, 0);
  return {
    batch: (kind, batch) => {
      const event = events.labelOf(batch.key);
      batches.inc({ event, kind, outcome: batch.failed ? 'failed' : 'done' });
      if (batch.split) retries.inc({ kind, reason: 'split' });
      sizes.observe({ kind }, batch.size);
      seconds.observe({ kind }, batch.seconds);
      waits.observe({ kind }, batch.waitedSeconds);
    },
    careful: (kind) => retries.inc({ kind, reason: 'careful' }),
  };
}
