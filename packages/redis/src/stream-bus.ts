/** The bus between pods, on Redis Streams; the outbox stays the truth, and a stream that is lost loses nothing. */
import { newId } from '@evently/kit/ids';
import { systemClock } from '@evently/kit/clock';
import type { Bus, Consumer } from '@evently/kit/bus';
import type { Logger } from '@evently/kit/log';
import type { Database } from '@evently/kit/postgres';
import type { Registry } from 'prom-client';
import { openRedis, type RedisConnection } from './connection.ts';
import { createReaderLocks } from './reader-locks.ts';
import { createStream, type Stream } from './stream.ts';
import { createStreamMetrics, type StreamMetrics } from './stream-metrics.ts';
import { createStreamPublisher } from './stream-publisher.ts';
import { readStream, waitMs } from './stream-reader.ts';

export type StreamBusOptions = {
  /** `redis://` or, with TLS, `rediss://`. */
  url: string;
  caFile?: string;
  /** Names this process among the readers; a random end is added. */
  pod: string;
  /** The consumers of each topic: their groups exist before the first message is published. */
  consumers: Readonly<Record<string, readonly string[]>>;
  /**
   * Consumers that this installation does not have, by topic, and that find by themselves what they have missed. What an
   * earlier installation left of them is destroyed, so that nothing is kept for them; none unless told.
   */
  retired?: Readonly<Record<string, readonly string[]>>;
  /** How long nobody has read for a retired consumer before that: 10 minutes unless told. */
  retiredAfterMs?: number;
  /** A pool of one connection of its own, in the service's database: its session holds the readers' locks. */
  lockDb: Database;
  log: Logger;
  registry: Registry;
  /** Messages that a topic's stream holds at most; beyond it the outbox keeps them. 20,000 unless told. */
  maxLength?: number;
  /** How long a key waits after its message's nth failure; 1, 2, 4 ... 30 s unless told. */
  retryDelayMs?: (failures: number) => number;
};

export type StreamBus = Bus & {
  /** False while Redis cannot be reached: nothing is published or delivered, nothing is lost. */
  isUp: () => boolean;
};

const maxLength = 20_000;
const retiredAfterMs = 600_000;
/** A batch of a megabyte is one command. */
const commandMs = 1_000;

/**
 * Publishes to one stream for each topic, and delivers to each subscriber through a group of its name, of which
 * one process at a time is the reader. Publishing needs no `start`; `stop` ends both and closes the connections.
 */
export function createStreamBus(options: StreamBusOptions): StreamBus {
  const { log, consumers } = options;
  const metrics = createStreamMetrics(options.registry);
  const connection = open(options, 'bus', commandMs);
  const streams = new Map<string, Stream>();
  const streamOf = (topic: string): Stream => {
    const stream = streams.get(topic) ?? createStream(connection.client, topic);
    streams.set(topic, stream);
    return stream;
  };
  const publisher = createStreamPublisher({
    streamOf,
    consumers,
    retired: options.retired ?? {},
    retiredAfterMs: options.retiredAfterMs ?? retiredAfterMs,
    maxLength: options.maxLength ?? maxLength,
    log,
    metrics,
  });
  const reader = `${options.pod}-${newId(systemClock.now().getTime()).slice(-8)}`;
  const subscriptions: Subscription[] = [];
  const canRead = (): boolean => connection.isUp() && subscriptions.every(({ waiter }) => waiter.isUp());
  const locks = createReaderLocks({ db: options.lockDb, canRead, log });

  return {
    publishBatch: publisher.publishBatch,
    lookAfter: publisher.lookAfter,
    publish: async (message) => {
      const { handled } = await publisher.publishBatch([message]);
      if (!handled.has(message.id)) throw new Error('the stream did not take the message');
    },
    subscribe: (topic, consumer, handle) => {
      if (!(consumers[topic] ?? []).includes(consumer))
        throw new Error(`${consumer} is not among the consumers of topic ${topic}: name it in the contracts`);
      const subscription = {
        stream: streamOf(topic),
        consumer: { consumer, handle },
        waiter: open(options, `bus-${consumer}`, 2 * waitMs),
      };
      subscriptions.push(subscription);
      const read = createReading({ ...options, metrics }, subscription, connection, reader);
      locks.whileHeld(`${topic}/${consumer}`, read);
    },
    start: () => {
      locks.start();
      return Promise.resolve();
    },
    stop: async () => {
      await locks.stop();
      await Promise.all([connection.close(), ...subscriptions.map(({ waiter }) => waiter.close())]);
    },
    isUp: connection.isUp,
  };
}

type Subscription = { stream: Stream; consumer: Consumer; waiter: RedisConnection };

function open({ url, caFile, log }: StreamBusOptions, name: string, deadlineMs: number): RedisConnection {
  return openRedis({ url, name, log, commandMs: deadlineMs, ...(caFile === undefined ? {} : { caFile }) });
}

/** Reads as long as both connections last. What interrupts it is told once, and so is that it goes on. */
function createReading(
  { log, metrics, retryDelayMs }: StreamBusOptions & { metrics: StreamMetrics },
  { stream, consumer, waiter }: Subscription,
  connection: RedisConnection,
  reader: string,
): (told: AbortSignal) => Promise<void> {
  const about = { topic: stream.topic, consumer: consumer.consumer };
  let interrupted = false;
  return async (told) => {
    if (!connection.isUp() || !waiter.isUp()) return;
    const broken = new AbortController();
    const end = (): void => broken.abort();
    const clients = [connection.client, waiter.client];
    for (const client of clients) client.once('close', end);
    try {
      await readStream(
        {
          stream,
          consumer,
          reader,
          waiter: waiter.client,
          broken: broken.signal,
          began: () => {
            if (interrupted) log.info(about, 'reading goes on');
            interrupted = false;
          },
          log,
          metrics,
          ...(retryDelayMs === undefined ? {} : { retryDelayMs }),
        },
        told,
      );
    } catch (error) {
      if (!interrupted) log.warn({ ...about, err: String(error) }, 'reading was interrupted');
      interrupted = true;
    } finally {
      for (const client of clients) client.off('close', end);
    }
  };
}
