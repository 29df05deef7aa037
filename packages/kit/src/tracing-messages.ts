/** Spans of messages on their way: one for what a relay sends together, one for what a consumer handles together. */
import type { SpanContext } from '@opentelemetry/api';
import { inSharedSpan, isTracing, remoteContext, withinNone } from './tracing.ts';

type Carried = { topic: string; traceparent?: string | null };

/** The relay hands `messages` to the bus: a producer's span below the change that wrote the first, linked to all. */
export function inSendSpan<T>(messages: readonly Carried[], work: () => Promise<T>): Promise<T> {
  if (!isTracing()) return work();
  return inMessagesSpan('send', messages, {}, work);
}

/** A consumer handles `messages`: a span below the change that wrote the first, linked to all. */
export function inProcessSpan<T>(
  consumer: string,
  messages: readonly Carried[],
  work: () => Promise<T>,
): Promise<T> {
  if (!isTracing()) return withinNone(work);
  return inMessagesSpan('process', messages, { 'messaging.consumer.group.name': consumer }, work);
}

const kinds = { send: 'producer', process: 'consumer' } as const;

function inMessagesSpan<T>(
  operation: keyof typeof kinds,
  messages: readonly Carried[],
  attributes: Record<string, string>,
  work: () => Promise<T>,
): Promise<T> {
  const topics = [...new Set(messages.map(({ topic }) => topic))].toSorted();
  const destination = topics.join(',');
  const start = {
    name: `${operation} ${destination}`,
    kind: kinds[operation],
    attributes: {
      'messaging.system': 'evently_outbox',
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.name': destination,
      'messaging.batch.message_count': messages.length,
      ...attributes,
    },
  };
  return inSharedSpan(start, creationsOf(messages), work);
}

/** Where the messages were written; many of one change are one place. */
function creationsOf(messages: readonly Carried[]): SpanContext[] {
  const traceparents = new Set(messages.map(({ traceparent }) => traceparent ?? ''));
  return [...traceparents].flatMap((traceparent) => remoteContext(traceparent) ?? []);
}
