/** The server's own clocks around a sale: histograms read before and after, and what lies between. */
import { histogramBetween, histogramOf, type Histogram } from '@evently/standalone/console/histogram';
import { reserveRequests, spreadOf, wholeSizes } from '@evently/standalone/console/frame';
import { totalsBy, type Samples } from '@evently/standalone/console/samples';
import type { Runtime } from '../runtime.ts';
import { joinSamples, parseExposition } from './exposition.ts';
import type { Spread, TimeSpent } from './story.ts';

const deadlineMs = 5_000;
const msPerSecond = 1_000;

/** Where the running platform on this machine writes its metrics. */
export function metricsUrl(runtime: Runtime): string {
  const url = new URL(runtime.gateway.url);
  url.port = String(runtime.ports.metrics);
  return new URL('/metrics', url).href;
}

/** The metrics of all these processes together; null, and the reason told, when one of them does not answer. */
export async function readMetrics(
  urls: readonly string[],
  say: (sentence: string) => void,
): Promise<Samples | null> {
  if (urls.length === 0) return null;
  try {
    return joinSamples(await Promise.all(urls.map(readOne)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`The report goes without the server's own times: ${reason}.`);
    return null;
  }
}

async function readOne(url: string): Promise<Samples> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(deadlineMs) }).catch((error: Error) => {
    throw new Error(`${url} does not answer (${error.message})`);
  });
  if (answer.status === 403)
    throw new Error(
      `${url} is shown to its own machine only; STANDALONE_METRICS=everyone there shows it to all`,
    );
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return parseExposition(await answer.text());
}

/** Refusals of the event by reason, counted since its process began; empty for an event it does not tell apart. */
export function refusalsOf(samples: Samples, eventId: string): Record<string, number> {
  const totals = totalsBy(samples, 'evently_booking_refusals_total', 'reason', { event: eventId });
  return Object.fromEntries([...totals].filter(([, count]) => count > 0));
}

export type Observed = { before: Samples; after: Samples };

/**
 * What reserving took, between two readings. `client` is what buyers measured, null after the fact. Of the server's times only
 * that of the handler is one for each buyer; the line's and the batch's are one for each batch, so they are not added.
 */
export function timeSpent(observed: Observed, client: Spread | null): TimeSpent {
  const between = (name: string, where: Readonly<Record<string, string>>): Histogram =>
    histogramBetween(histogramOf(observed.before, name, where), histogramOf(observed.after, name, where));
  const reserve = { kind: 'reserve' };
  const http = spreadOf(between('evently_http_request_duration_seconds', reserveRequests), msPerSecond);
  return {
    about: aboutTime,
    client_ms: client,
    http_ms: http,
    queue_ms: spreadOf(between('evently_booking_queue_wait_duration_seconds', reserve), msPerSecond),
    batch_ms: spreadOf(between('evently_booking_batch_duration_seconds', reserve), msPerSecond),
    batch_size: wholeSizes(spreadOf(between('evently_booking_batch_size_items', reserve), 1)),
    means: client === null || http === null ? null : meansOf(client, http),
  };
}

/**
 * The buyer's mean, divided. Null when one clock has timed requests that the other has not: of a buyer who gave up the
 * server has a time and the buyer none, so the difference of the means would be of different people.
 */
function meansOf(client: Spread, http: Spread): TimeSpent['means'] {
  if (client.count !== http.count) return null;
  return { outside_ms: Math.max(0, client.mean - http.mean), handler_ms: Math.min(client.mean, http.mean) };
}

const aboutTime =
  'client_ms is measured by the drill, from the moment a buyer was meant to arrive. The others are histograms of the ' +
  'processes, after the sale less before it, of reservations of all events: of this one alone when nothing else was sold ' +
  'meanwhile. http_ms counts each buyer from the request reaching the handler to its answer. queue_ms counts each batch once, ' +
  'with the wait of its first request, which is its longest. batch_ms counts each batch once: statement and commit together. ' +
  'Quantiles of histograms are estimates inside their buckets.';

/** Of times in milliseconds, exactly. */
export function spreadOfTimes(times: readonly number[]): Spread | null {
  if (times.length === 0) return null;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const sum = sorted.reduce((total, time) => total + time, 0);
  return { count: sorted.length, mean: sum / sorted.length, p50: at(0.5), p99: at(0.99) };
}
