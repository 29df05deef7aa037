/** Questions to spans that a collector has taken. */
import type { ReceivedSpan } from '@evently/testkit/otlp-receiver';

/** The spans of one trace, as a tree that hangs below the caller's own span. */
export type Trace = {
  spans: readonly ReceivedSpan[];
  /** The one span of this name; throws when there is none or more than one. */
  one: (name: string, under?: ReceivedSpan) => ReceivedSpan;
  all: (name: string) => readonly ReceivedSpan[];
  /** Whether `span` hangs below `above`, however deep. */
  isBelow: (span: ReceivedSpan, above: ReceivedSpan) => boolean;
  /** Names from the top down to `span`. */
  pathOf: (span: ReceivedSpan) => string[];
  /** Spans whose parent is neither in the trace nor `callerSpanId`. */
  loose: (callerSpanId: string) => string[];
};

export function traceOf(received: readonly ReceivedSpan[], traceId: string): Trace {
  const spans = received.filter((span) => span.traceId === traceId);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const parentOf = (span: ReceivedSpan): ReceivedSpan | undefined => byId.get(span.parentSpanId ?? '');
  function upwards(span: ReceivedSpan): ReceivedSpan[] {
    const parent = parentOf(span);
    return parent === undefined ? [span] : [span, ...upwards(parent)];
  }
  const isBelow: Trace['isBelow'] = (span, above) => upwards(span).slice(1).includes(above);
  return {
    spans,
    isBelow,
    one: (name, under) => {
      const found = spans.filter(
        (span) => span.name === name && (under === undefined || isBelow(span, under)),
      );
      const [only] = found;
      if (only === undefined || found.length > 1) {
        const names = spans.map((span) => span.name).toSorted();
        throw new Error(`the trace has ${found.length} spans "${name}"; there are: ${names.join(', ')}`);
      }
      return only;
    },
    all: (name) => spans.filter((span) => span.name === name),
    pathOf: (span) =>
      upwards(span)
        .map(({ name }) => name)
        .toReversed(),
    loose: (callerSpanId) =>
      spans
        .filter((span) => span.parentSpanId !== callerSpanId && parentOf(span) === undefined)
        .map(({ name }) => name),
  };
}
