/** Reads a topic's stream for one consumer: takes, hands over in order per key, and settles what came of it. */
import type { Redis } from 'ioredis';
import { deliver, type Consumer, type Message } from '@evently/kit/bus';
import { monotonicMs, pause } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { createBacklog, type Backlog } from './backlog.ts';
import type { StreamMetrics } from './stream-metrics.ts';
import {
  beginning,
  streamKey,
  type Body,
  type Entry,
  type Place,
  type Reader,
  type Stream,
} from './stream.ts';

export type StreamReaderDeps = {
  stream: Stream;
  consumer: Consumer;
  reader: string;
  /** A connection of its own: it only waits, for something new to come. */
  waiter: Redis;
  /** Aborts when a connection was lost: what is in Redis may be another stream since. */
  broken: AbortSignal;
  /** Told when Redis has answered, and reading has begun. */
  began: () => void;
  log: Logger;
  metrics: StreamMetrics;
  retryDelayMs?: (failures: number) => number;
};

/** Messages in one batch, as many as the relay publishes together. */
const batchSize = 200;
const batchBytes = 1_000_000;
/** Entries that wait for another attempt, by place and key alone; beyond it nothing new is taken. */
const backlogSize = 20_000;
const claimPage = 200;
/** The waiter's deadline is longer. */
export const waitMs = 1_000;
const othersMs = 20;
const forgetEveryMs = 60_000;
const forgottenAfterMs = 60_000;

/**
 * Reads until it is `told` to end; rejects when Redis cannot be asked. Whoever begins makes all pending entries its
 * own, in order, before it takes new ones, and so does whoever finds that another reader holds entries: what is
 * taken is always the oldest that is not handled, whichever reader had it.
 */
export async function readStream(deps: StreamReaderDeps, told: AbortSignal): Promise<void> {
  const { stream, log } = deps;
  const signal = AbortSignal.any([told, deps.broken]);
  const by: Reader = { group: deps.consumer.consumer, reader: deps.reader };
  const backlog = createBacklog(deps.retryDelayMs);
  const forget = createUpkeep(stream, by);
  const claimed = await claimPending(stream, by, backlog);
  deps.began();
  if (claimed > 0) log.info({ ...by, topic: stream.topic, claimed }, 'pending messages were taken over');
  while (!signal.aborted) {
    const batch = backlog.due(monotonicMs(), batchSize, batchBytes);
    if (batch.length > 0) {
      await handleBatch(deps, by, backlog, batch);
      continue;
    }
    await forget();
    if (backlog.size() >= backlogSize) {
      await pause(untilNextMs(backlog), signal);
      continue;
    }
    const taken = await stream.take(by, batchSize, batchBytes);
    if (taken.kind === 'others') {
      await claimPending(stream, by, backlog);
      // Two that believe that they are alone take turns; they must not do it as fast as Redis answers.
      await pause(othersMs, signal);
    } else if (taken.kind === 'taken') {
      backlog.add(taken.entries, monotonicMs());
    } else {
      // The stream keeps what was handled last; whoever waited from the beginning would be woken by it for ever.
      const seen = taken.kind === 'none' ? taken.last : beginning;
      await waitForNew(deps.waiter, stream.topic, seen, untilNextMs(backlog), signal);
    }
  }
  await stream.forgetReaders(by, 0);
}

function untilNextMs(backlog: Backlog): number {
  const next = backlog.nextAttemptMs();
  return next === null ? waitMs : Math.max(1, Math.min(waitMs, next - monotonicMs()));
}

/** Resolves when the stream has something after `seen`, after `ms`, or at once when `signal` aborts. */
async function waitForNew(
  waiter: Redis,
  topic: string,
  seen: Place,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  const read = waiter.xread('COUNT', 1, 'BLOCK', Math.ceil(ms), 'STREAMS', streamKey(topic), seen);
  try {
    // A reader that is told to end does not wait for Redis; the answer then comes to nobody.
    await Promise.race([read, pause(ms + waitMs, AbortSignal.any([signal, ended.signal]))]);
  } finally {
    ended.abort();
  }
}

/**
 * Begins anew with all that is pending, whoever holds it; answers how many there are: never more than the stream
 * holds, which has a maximum.
 */
async function claimPending(stream: Stream, by: Reader, backlog: Backlog): Promise<number> {
  backlog.clear();
  let from: Place | null = beginning;
  while (from !== null) {
    const page: Awaited<ReturnType<Stream['claim']>> = await stream.claim(by, from, claimPage);
    backlog.add(page.entries, monotonicMs());
    from = page.next;
  }
  return backlog.size();
}

async function handleBatch(
  deps: StreamReaderDeps,
  by: Reader,
  backlog: Backlog,
  batch: readonly Entry[],
): Promise<void> {
  const { stream, metrics, consumer } = deps;
  const unread = batch.filter(({ body }) => body === null).map(({ place }) => place);
  const bodies = unread.length === 0 ? new Map<Place, Body>() : await stream.bodies(unread);
  // The stream was lost, or another reader has handled it: what is known here is not so any more. Later messages
  // of the key may still be here with their bodies, and must not go before one that comes again.
  if (bodies.size < unread.length) {
    await claimPending(stream, by, backlog);
    return;
  }
  const present = batch.flatMap((entry) => {
    const body = entry.body ?? bodies.get(entry.place);
    return body === undefined ? [] : [{ entry, message: messageOf(stream.topic, entry, body) }];
  });
  const messages = present.map(({ message }) => message);
  const { handled, failed } = await deliver(deps.log, consumer, messages);
  // The places may name other messages by now. Whatever was not settled comes again, and has no effect twice.
  deps.broken.throwIfAborted();
  const gone = new Set(batch.map(({ place }) => place));
  const failures = new Map<Place, number>();
  const held = new Set<string>();
  for (const { entry, message } of present) {
    const isDone = handled.has(message.id) && !held.has(entry.key);
    if (isDone) continue;
    gone.delete(entry.place);
    if (failed.has(message.id) && !held.has(entry.key)) failures.set(entry.place, entry.delivery + 1);
    held.add(entry.key);
  }
  metrics.handled(stream.topic, consumer.consumer, present.length - (batch.length - gone.size));
  metrics.failed(stream.topic, consumer.consumer, failures.size);
  await stream.settle(by, [...gone], failures);
  backlog.settle(batch, gone, new Set(failures.keys()), monotonicMs());
}

function messageOf(topic: string, { key, delivery }: Entry, body: Body): Message {
  const { id, type, at, traceparent } = body;
  const payload: unknown = JSON.parse(body.payload);
  const message = { id, topic, key, type, payload, createdAt: new Date(at), attempt: delivery };
  return traceparent === '' ? message : { ...message, traceparent };
}

/** Once a minute: readers of pods that are gone are forgotten, when they hold nothing. */
function createUpkeep(stream: Stream, by: Reader): () => Promise<void> {
  let nextAtMs = monotonicMs();
  return async () => {
    if (monotonicMs() < nextAtMs) return;
    nextAtMs = monotonicMs() + forgetEveryMs;
    await stream.forgetReaders(by, forgottenAfterMs);
  };
}
