/** One span for a batch, joined with the requests that wait for it. */
import type { Span } from '@opentelemetry/api';
import { activeSpan, inSharedSpan, isTracing, withinNone } from './tracing.ts';

/** Somebody who waits for a batch; `origin` is the span that waits, null when it is not recorded. */
export type Served = { origin: Span | null };

/**
 * Runs `work` in a span below that of the first who waits, with a link to each, and one back from each of the others:
 * whoever looks at a buyer's request finds the batch that decided it.
 */
export function inBatchSpan<T>(
  name: string,
  key: string,
  batch: readonly Served[],
  work: () => Promise<T>,
): Promise<T> {
  if (!isTracing()) return withinNone(work);
  const origins = batch.flatMap(({ origin }) => (origin === null ? [] : [origin]));
  const start = {
    name: `batch ${name}`,
    attributes: { 'evently.batch.size': batch.length, 'evently.batch.key': key },
  };
  const served = origins.map((origin) => origin.spanContext());
  return inSharedSpan(start, served, () => {
    const own = activeSpan()?.spanContext();
    if (own !== undefined) for (const origin of origins.slice(1)) origin.addLink({ context: own });
    return work();
  });
}
