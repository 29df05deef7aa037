/** Expressions over the requests that an objective speaks of: how many came, and how many of them were bad. */
import type { Objective } from './objectives.ts';

const histogram = 'evently_http_request_duration_seconds';
// 499 is no answer: the client had gone before there was one.
const answered = 'status!="499"';
const failed = 'status=~"5.."';
const answeredWell = 'status!~"5..|499"';

/** Requests a second, over a window such as 5m. */
export function requestRate(objective: Objective, window: string): string {
  const counted = objective.kind === 'availability' ? answered : answeredWell;
  return `sum(rate(${histogram}_count{${matchersOf(objective)},${counted}}[${window}]))`;
}

/** Of those, the bad ones a second: failed, or slower than they may be. 0 where there are none. */
export function badRate(objective: Objective, window: string): string {
  const all = requestRate(objective, window);
  if (objective.kind === 'latency') {
    const quick = `${histogram}_bucket{${matchersOf(objective)},${answeredWell},le${bucketOf(objective.within_ms)}}`;
    return `${all} - sum(rate(${quick}[${window}]))`;
  }
  // A status that never came has no series; of requests that came, none is bad then.
  return `sum(rate(${histogram}_count{${matchersOf(objective)},${failed}}[${window}])) or ${all} * 0`;
}

/** Seconds that one answer in a hundred exceeds, over a window; failures left out. */
export function latencyP99(objective: Objective, window: string): string {
  const series = `${histogram}_bucket{${matchersOf(objective)},${answeredWell}}`;
  return `histogram_quantile(0.99, sum by (le) (rate(${series}[${window}])))`;
}

function matchersOf({ requests: { services, method, routes } }: Objective): string {
  return `service${oneOf(services)},method="${method}",route${oneOf(routes)}`;
}

function oneOf(values: readonly string[]): string {
  const [only = ''] = values;
  return values.length === 1 ? `="${only}"` : `=~"${values.join('|')}"`;
}

const msPerSecond = 1_000;

/** The bucket's label; a whole number of seconds is written with `.0` by some versions and without by others. */
function bucketOf(ms: number): string {
  const seconds = String(ms / msPerSecond);
  return Number.isInteger(ms / msPerSecond) ? `=~"${seconds}([.]0)?"` : `="${seconds}"`;
}
