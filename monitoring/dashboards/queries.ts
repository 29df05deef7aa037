/** Words of PromQL that all dashboards use: selectors with the matchers that each must have, rates, quantiles, names of events. */

// What the reader chose at the top of the dashboard; every selector has these two.
const ofProcess = ['job=~"$job"', 'instance=~"$instance"'];

/** A matcher for the chosen events. */
export const ofEvent = 'event=~"$event"';
/** A matcher for the chosen services. */
export const ofService = 'service=~"$service"';
/** Matchers for the requests that reserve; the route is the pattern, as booking registers it. */
export const reserving = ['service="booking"', 'method="POST"', 'route="/api/v1/bookings/reserve"'] as const;
/** An answer that is our fault, and not a refusal. */
export const failed = 'status=~"5.."';
/** A request whose client waited for the answer; 499 is one that did not. */
export const awaited = 'status!="499"';
/** An answer whose time the objectives judge: ours, and to somebody who waited. Alerts ask the same. */
export const judged = 'status!~"5..|499"';

export type Matchers = readonly string[];

/** `name` of the chosen processes, with further matchers. */
export function series(name: string, ...matchers: Matchers): string {
  return `${name}{${[...ofProcess, ...matchers].join(', ')}}`;
}

/** What a counter gains a second, of each process; sum it, because every process counts its own. */
export function rate(name: string, ...matchers: Matchers): string {
  return `rate(${series(name, ...matchers)}[$__rate_interval])`;
}

/** What a counter gained in the time that the dashboard shows. */
export function gained(name: string, ...matchers: Matchers): string {
  return `increase(${series(name, ...matchers)}[$__range])`;
}

/** A sum over processes, for counters and for what each process has of its own. */
export function sumBy(labels: string, expr: string): string {
  return labels === '' ? `sum(${expr})` : `sum by (${labels}) (${expr})`;
}

/** The greatest over processes, for what every process reads from the same database: a sum would count it once for each. */
export function maxBy(labels: string, expr: string): string {
  return labels === '' ? `max(${expr})` : `max by (${labels}) (${expr})`;
}

/** Counters by `labels`, a second. */
export function rateBy(labels: string, name: string, ...matchers: Matchers): string {
  return sumBy(labels, rate(name, ...matchers));
}

/**
 * A quantile of a histogram over all processes; estimated within a bucket, so it is never finer than the buckets.
 * Without observations there is none: the comparison leaves out what is not a number.
 */
export function quantile(q: number, labels: string, histogram: string, ...matchers: Matchers): string {
  const by = labels === '' ? 'le' : `${labels}, le`;
  return `histogram_quantile(${q}, ${rateBy(by, `${histogram}_bucket`, ...matchers)}) >= 0`;
}

/** The mean of a histogram over all processes. */
export function mean(labels: string, histogram: string, ...matchers: Matchers): string {
  const total = rateBy(labels, `${histogram}_sum`, ...matchers);
  return ratio(total, rateBy(labels, `${histogram}_count`, ...matchers));
}

/** No value, instead of a division by zero, while nothing happens. */
export function ratio(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`;
}

/**
 * Puts the name of the event beside its id. Without one, as for `other`, the id stands for it: a series must not vanish
 * because nobody knows its name. `expr` has the label event, and no other.
 */
export function named(expr: string): string {
  const names = `topk by (event) (1, ${maxBy('event, name', series('evently_booking_sale_info'))})`;
  const nameless = `label_replace(${expr}, "name", "$1", "event", "(.*)")`;
  return `(${expr}) * on (event) group_left (name) ${names} or on (event) ${nameless}`;
}

/**
 * What part of a counter has `part`, as a share of all that has `whole`; 0 and not nothing while there is no such part.
 * A counter's series begins with its first event, so that a platform without failures has no series of failures.
 */
export function shareOf(labels: string, name: string, part: string, ...whole: Matchers): string {
  const all = rateBy(labels, name, ...whole);
  return ratio(`(${rateBy(labels, name, ...whole, part)} or ${all} * 0)`, all);
}

/**
 * Committed changes of stock before which another process had changed the event, as a share of all changes. Each change
 * raises the version of its event by one, so this is what the database's own versions tell.
 */
export function conflictRatio(labels: string, ...matchers: Matchers): string {
  return conflictShare(
    rateBy(labels, 'evently_booking_version_conflicts_total', ...matchers),
    rateBy(labels, 'evently_booking_stock_changes_total', ...matchers),
  );
}

/** The same over the time that the dashboard shows. */
export function conflictRatioShown(labels: string, ...matchers: Matchers): string {
  return conflictShare(
    sumBy(labels, gained('evently_booking_version_conflicts_total', ...matchers)),
    sumBy(labels, gained('evently_booking_stock_changes_total', ...matchers)),
  );
}

// One process that sells alone has no series of conflicts: its share is 0, and not unknown.
function conflictShare(conflicts: string, changes: string): string {
  return ratio(`(${conflicts} or ${changes} * 0)`, changes);
}

/** Tickets of the chosen events in one state; from the database, the same from every process. */
export function tickets(state: 'capacity' | 'available' | 'held' | 'sold' | 'blocked'): string {
  const matchers = [ofEvent, `state="${state}"`];
  return sumBy('', maxBy('event', series('evently_booking_inventory_tickets', ...matchers)));
}
