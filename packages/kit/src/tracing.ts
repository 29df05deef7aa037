/**
 * Spans of what a process does. Without a collector none is made: each function here then compares once and does its
 * work. What is recorded begins with a request; batches and messages join the traces of those they serve.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
  type TraceState,
} from '@opentelemetry/api';
import { formatTraceparent, newSpanId, newTraceId, parseTraceparent } from './tracing-context.ts';

/** A process has one, as it has one registration of the active context with OpenTelemetry. */
const live: { tracer: Tracer | null } = { tracer: null };

/** Every span is made by `tracer` from now on; null makes none. */
export function useTracer(tracer: Tracer | null): void {
  live.tracer = tracer;
}

export function isTracing(): boolean {
  return live.tracer !== null;
}

/** The span that is under way here, when it is recorded. */
export function activeSpan(): Span | null {
  if (live.tracer === null) return null;
  const span = trace.getActiveSpan();
  return span !== undefined && span.isRecording() ? span : null;
}

/** The trace that is recorded here, for exemplars; undefined when none is. */
export function sampledTraceId(): string | undefined {
  return activeSpan()?.spanContext().traceId;
}

/** The trace id of what this is done for, a request or work of the process, where no span tells it. */
const unrecorded = new AsyncLocalStorage<() => string>();
/** The one of a line that is written outside of both, such as at the start: each process has one. */
const ofProcess = oneTraceId();

/** Always the same trace id, made when it is asked for first. */
function oneTraceId(): () => string {
  let traceId: string | null = null;
  return () => (traceId ??= newTraceId());
}

/**
 * Runs `work`, whose log lines say `traceId`; it is asked for when there is a line. Took 0.1 us of a request that took
 * ten, which is less than its runs differ.
 */
export function withTraceId<T>(traceId: () => string, work: () => T): T {
  return unrecorded.run(traceId, work);
}

/** What a log line that is written here is to say of its trace; a new object each time. */
export function activeTraceFields(): { trace_id: string; span_id?: string } {
  const active = live.tracer === null ? undefined : trace.getActiveSpan()?.spanContext();
  if (active !== undefined) return { trace_id: active.traceId, span_id: active.spanId };
  return { trace_id: (unrecorded.getStore() ?? ofProcess)() };
}

/** What a message that is written here carries; null when nobody records this. */
export function activeTraceparent(): string | null {
  const span = activeSpan();
  return span === null ? null : traceparentOf(span.spanContext());
}

function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return formatTraceparent({ traceId, spanId, sampled: isSampled(traceFlags) });
}

const sampledFlag: number = TraceFlags.SAMPLED;

export function isSampled(traceFlags: number): boolean {
  return (traceFlags & sampledFlag) === sampledFlag;
}

/** Headers by which a call joins the trace that is active here; one that nobody records for the sake of log lines. */
export function outgoingHeaders(): Record<string, string> {
  const active = live.tracer === null ? undefined : trace.getActiveSpan()?.spanContext();
  if (active === undefined) {
    const traceId = unrecorded.getStore()?.();
    if (traceId === undefined) return {};
    return { traceparent: formatTraceparent({ traceId, spanId: newSpanId(), sampled: false }) };
  }
  const state = active.traceState?.serialize() ?? '';
  return { traceparent: traceparentOf(active), ...(state === '' ? {} : { tracestate: state }) };
}

const maxTraceStateCharacters = 512;

/** What other systems have noted of the trace: carried as it is, and never read. */
function passedOn(tracestate: string): TraceState {
  const state: TraceState = {
    get: () => undefined,
    set: () => state,
    unset: () => state,
    serialize: () => tracestate,
  };
  return state;
}

/** The place in another process's trace that a request or a message names; null when it names none. */
export function remoteContext(traceparent: string | null | undefined, tracestate = ''): SpanContext | null {
  const parsed = parseTraceparent(traceparent);
  if (parsed === null) return null;
  const { traceId, spanId, sampled } = parsed;
  return {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(tracestate === '' || tracestate.length > maxTraceStateCharacters
      ? {}
      : { traceState: passedOn(tracestate) }),
  };
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

export type SpanStart = {
  name: string;
  /** What it is to others; `internal` unless told. */
  kind?: keyof typeof kinds;
  attributes?: Attributes;
  /** Where it hangs; the active span unless told, and with null nowhere. */
  parent?: SpanContext | null;
  links?: readonly SpanContext[];
};

/** A span that has begun; null when none is made here. Whoever begins it ends it. */
export function beginSpan(start: SpanStart): Span | null {
  if (live.tracer === null) return null;
  return live.tracer.startSpan(
    start.name,
    {
      kind: kinds[start.kind ?? 'internal'],
      attributes: start.attributes ?? {},
      links: (start.links ?? []).map((linked) => ({ context: linked })),
    },
    contextOf(start.parent),
  );
}

function contextOf(parent: SpanContext | null | undefined): Context {
  if (parent === undefined) return context.active();
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

/** Runs `work` with `span` as the active one. */
export function within<T>(span: Span, work: () => T): T {
  return context.with(trace.setSpan(ROOT_CONTEXT, span), work);
}

/**
 * Runs `work` with no span: what it does belongs to nobody's trace, whoever was the first to ask for it. Its log lines
 * say a trace id of their own, so that those of one round are found together.
 */
export function withinNone<T>(work: () => T): T {
  const alone = (): T => unrecorded.run(oneTraceId(), work);
  return live.tracer === null ? alone() : context.with(ROOT_CONTEXT, alone);
}

/** Says of a span that what it tells of has failed, and by a word of few why. */
export function markFailed(span: Span | null, errorType: string): void {
  span?.setAttribute('error.type', errorType);
  span?.setStatus({ code: SpanStatusCode.ERROR });
}

/** Marks and ends a span. The error's text stays out of it: it may quote what a buyer has sent. */
export function endFailed(span: Span, error: unknown): void {
  markFailed(span, errorTypeOf(error));
  span.end();
}

function errorTypeOf(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Runs `work` in a span of its own below the active one, which ends with it; without a recorded one just runs it. */
export function inSpan<T>(
  start: Omit<SpanStart, 'parent'>,
  work: (span: Span | null) => Promise<T>,
): Promise<T> {
  const span = activeSpan() === null ? null : beginSpan(start);
  return span === null ? work(null) : endingWith(span, () => work(span));
}

/** Runs `work` inside `span`, and ends it as `work` does. */
export async function endingWith<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    const result = await within(span, work);
    span.end();
    return result;
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
}

/**
 * Runs `work` in one span for all of `served`, which are spans of requests or places of messages that it does the work
 * of: it hangs below the first and links to each. Without any, what `work` does belongs to nobody's trace.
 */
export function inSharedSpan<T>(
  start: Omit<SpanStart, 'parent' | 'links'>,
  served: readonly SpanContext[],
  work: () => Promise<T>,
): Promise<T> {
  const [first] = served;
  if (first === undefined) return withinNone(work);
  const span = beginSpan({ ...start, parent: first, links: served });
  return span === null ? work() : endingWith(span, work);
}
