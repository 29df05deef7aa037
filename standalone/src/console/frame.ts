/** One second of the platform in numbers: two readings of the metrics make a frame. Pure. */
import { histogramBetween, histogramOf, meanOf, quantileOf, type Histogram } from './histogram.ts';
import { increase, pick, total, totalsBy, type Samples } from './samples.ts';

/** Stock is what is there now; the others are per second, null while there is nothing to compare with. */
export type EventFrame = {
  name: string;
  phase: string;
  /** Milliseconds since 1970, for an event that is not open yet; null otherwise. */
  opens_at_ms: number | null;
  /** This and the next five are null while the event's stock has not been read, as in the first second of its sale. */
  capacity: number | null;
  available: number | null;
  held: number | null;
  sold: number | null;
  blocked: number | null;
  oversold: number | null;
  reserved_per_second: number | null;
  sold_per_second: number | null;
  released_per_second: number | null;
  /** Committed changes of the stock, each of which raised the event's version by one. */
  changes_per_second: number | null;
  /** Those before which another process had changed the event. */
  conflicts_per_second: number | null;
  /** By reason; empty while nobody is refused. */
  refused_per_second: Readonly<Record<string, number>>;
};

/** Quantiles of what happened in this second, in the unit of their name; null when nothing did. */
export type Spread = { count: number; mean: number; p50: number; p99: number };

export type Frame = {
  /** Milliseconds since 1970. */
  at_ms: number;
  /** Over what the rates were taken; null when there was nothing to compare with. */
  seconds: number | null;
  /** The whole platform: metrics that know no events. */
  all: {
    reserve_ms: Spread | null;
    queue_wait_ms: Spread | null;
    batch_ms: Spread | null;
    batch_size: Spread | null;
    queue: number;
  };
  events: Readonly<Record<string, EventFrame>>;
};

export type Reading = { atMs: number; samples: Samples };

const named = {
  sale: 'evently_booking_sale_info',
  phase: 'evently_booking_sale_phase_info',
  opensIn: 'evently_booking_sale_opens_in_seconds',
  inventory: 'evently_booking_inventory_tickets',
  oversold: 'evently_booking_oversold_tickets',
  reserved: 'evently_booking_tickets_reserved_total',
  sold: 'evently_booking_tickets_sold_total',
  released: 'evently_booking_tickets_released_total',
  refused: 'evently_booking_refusals_total',
  changes: 'evently_booking_stock_changes_total',
  conflicts: 'evently_booking_version_conflicts_total',
  request: 'evently_http_request_duration_seconds',
  batchSize: 'evently_booking_batch_size_items',
  batchTime: 'evently_booking_batch_duration_seconds',
  queue: 'evently_booking_queue_length_items',
  queueWait: 'evently_booking_queue_wait_duration_seconds',
} as const;

/** The metrics that a frame is made of. */
export const frameMetrics: readonly string[] = Object.values(named);

/** Labels of the requests that buyers reserve with. */
export const reserveRequests = {
  service: 'booking',
  method: 'POST',
  route: '/api/v1/bookings/reserve',
} as const;

const msPerSecond = 1_000;
/** What an opening may move by between two readings and still be the same. */
const openingToleranceMs = 2_000;

/** `before` null, or too long ago to speak of one second: stock without rates. */
export function frameOf(before: Reading | null, now: Reading, last: Frame | null): Frame {
  const seconds = before === null ? null : (now.atMs - before.atMs) / msPerSecond;
  const rates = createRates(before?.samples ?? null, now.samples, seconds);
  const ids = new Set([
    ...pick(now.samples, named.sale).map(({ labels }) => labels['event'] ?? ''),
    ...pick(now.samples, named.inventory).map(({ labels }) => labels['event'] ?? ''),
    ...rates.movedEvents(),
  ]);
  ids.delete('');
  const events = [...ids].map((id) => [id, eventFrame(id, now, rates, last?.events[id])] as const);
  return { at_ms: now.atMs, seconds, all: wholeFrame(before, now), events: Object.fromEntries(events) };
}

function eventFrame(event: string, now: Reading, rates: Rates, last: EventFrame | undefined): EventFrame {
  const { samples } = now;
  const stock = totalsBy(samples, named.inventory, 'state', { event });
  const of = (state: string): number | null => stock.get(state) ?? null;
  const phase = pick(samples, named.phase, { event }).find(({ value }) => value === 1)?.labels['phase'] ?? '';
  return {
    name: pick(samples, named.sale, { event })[0]?.labels['name'] ?? '',
    phase,
    opens_at_ms: phase === 'scheduled' ? openingOf(event, now, last) : null,
    capacity: of('capacity'),
    available: of('available'),
    held: of('held'),
    sold: of('sold'),
    blocked: of('blocked'),
    oversold: pick(samples, named.oversold, { event })[0]?.value ?? null,
    reserved_per_second: rates.of(named.reserved, { event }),
    sold_per_second: rates.of(named.sold, { event }),
    released_per_second: rates.of(named.released, { event }),
    changes_per_second: rates.of(named.changes, { event }),
    conflicts_per_second: rates.of(named.conflicts, { event }),
    refused_per_second: rates.by(named.refused, 'reason', { event }),
  };
}

/** The metric counts down; what it counts to stands still unless the sale is moved. */
function openingOf(event: string, now: Reading, last: EventFrame | undefined): number | null {
  const [countdown] = pick(now.samples, named.opensIn, { event });
  if (countdown === undefined || !Number.isFinite(countdown.value)) return null;
  const opensAtMs = Math.round(now.atMs / msPerSecond + countdown.value) * msPerSecond;
  const known = last?.opens_at_ms ?? null;
  return known !== null && Math.abs(known - opensAtMs) <= openingToleranceMs ? known : opensAtMs;
}

function wholeFrame(before: Reading | null, now: Reading): Frame['all'] {
  const spread = (name: string, where: Readonly<Record<string, string>>, factor: number): Spread | null =>
    before === null
      ? null
      : spreadOf(
          histogramBetween(histogramOf(before.samples, name, where), histogramOf(now.samples, name, where)),
          factor,
        );
  const reserve = { kind: 'reserve' };
  return {
    reserve_ms: spread(named.request, reserveRequests, msPerSecond),
    queue_wait_ms: spread(named.queueWait, reserve, msPerSecond),
    batch_ms: spread(named.batchTime, reserve, msPerSecond),
    batch_size: wholeSizes(spread(named.batchSize, reserve, 1)),
    queue: total(now.samples, named.queue),
  };
}

/** Of things that are counted: an estimate between two of them means the larger. */
export function wholeSizes(sizes: Spread | null): Spread | null {
  return sizes === null ? null : { ...sizes, p50: Math.ceil(sizes.p50), p99: Math.ceil(sizes.p99) };
}

/** Null when nothing was observed. */
export function spreadOf(histogram: Histogram, factor: number): Spread | null {
  const [mean, p50, p99] = [meanOf(histogram), quantileOf(histogram, 0.5), quantileOf(histogram, 0.99)];
  if (mean === null || p50 === null || p99 === null) return null;
  return {
    count: histogram.count,
    mean: rounded(mean * factor),
    p50: rounded(p50 * factor),
    p99: rounded(p99 * factor),
  };
}

type Labels = Readonly<Record<string, string>>;
type Rates = {
  of: (name: string, where: Labels) => number | null;
  by: (name: string, label: string, where: Labels) => Record<string, number>;
  /** Events of which something was counted meanwhile. */
  movedEvents: () => string[];
};

const counters = [named.reserved, named.sold, named.released, named.refused, named.changes, named.conflicts];

function createRates(before: Samples | null, now: Samples, seconds: number | null): Rates {
  const perSecond = (was: number, is: number): number =>
    rounded(increase(was, is) / Math.max(seconds ?? 1, 0.001));
  return {
    of: (name, where) =>
      before === null ? null : perSecond(total(before, name, where), total(now, name, where)),
    by: (name, label, where) => {
      if (before === null) return {};
      const earlier = totalsBy(before, name, label, where);
      const moved = [...totalsBy(now, name, label, where)]
        .map(([key, value]) => [key, perSecond(earlier.get(key) ?? 0, value)] as const)
        .filter(([, rate]) => rate > 0);
      return Object.fromEntries(moved);
    },
    movedEvents: () => {
      if (before === null) return [];
      return counters.flatMap((name) => {
        const earlier = totalsBy(before, name, 'event');
        return [...totalsBy(now, name, 'event')]
          .filter(([event, value]) => value !== (earlier.get(event) ?? 0))
          .map(([event]) => event);
      });
    },
  };
}

/** Three decimals are more than a chart shows, and a quarter of the bytes. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/**
 * The frame as it is sent after `previous`: events that stand still are left out, and a name that was told is not
 * told again. A reader takes what is missing from the frame before.
 */
export function encodeFrame(frame: Frame, previous: Frame | null): object {
  const events = Object.entries(frame.events).flatMap(([id, event]) => {
    const told = previous?.events[id];
    if (told !== undefined && JSON.stringify(told) === JSON.stringify(event)) return [];
    const { name, ...numbers } = event;
    return [[id, told?.name === name ? numbers : event] as const];
  });
  const gone = Object.keys(previous?.events ?? {}).filter((id) => frame.events[id] === undefined);
  return {
    at_ms: frame.at_ms,
    seconds: frame.seconds,
    all: frame.all,
    events: Object.fromEntries(events),
    ...(gone.length === 0 ? {} : { gone }),
  };
}
