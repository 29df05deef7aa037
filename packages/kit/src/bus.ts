/** The port that carries messages between services, and its in-process adapter. */
import { withDeadline } from './clock.ts';
import type { Logger } from './log.ts';
import type { Sql } from './postgres.ts';
import { inProcessSpan } from './tracing-messages.ts';

/** One message as it travels. `key` names the aggregate; order holds per key. */
export type Message = {
  id: string;
  topic: string;
  key: string;
  type: string;
  payload: unknown;
  createdAt: Date;
  /** Which delivery this is, from 1. */
  attempt: number;
  /** Where it was written in a trace that is recorded (W3C Trace Context); absent when it was in none. */
  traceparent?: string;
};

/**
 * What became of a batch, by message id. `handled` has its effect stored and may be acknowledged; `failed` has
 * not, and why. What is in neither was not tried, as a rule because an earlier message of its key failed.
 */
export type Delivery = { handled: ReadonlySet<string>; failed: ReadonlyMap<string, unknown> };

/** Takes messages in order; none of a key after one of that key has failed. May see a message again. */
export type Handler = (messages: readonly Message[]) => Promise<Delivery>;

/**
 * An adapter hands each consumer the messages of a topic in batches in which every key is in order: one claim
 * of the outbox here, what was read of a stream or a partition elsewhere. It acknowledges `handled` alone, and
 * only then; a failed message is delivered again later, before the later ones of its key.
 */
export type Bus = {
  /**
   * Takes `messages` over. In one process a message is handled when all of its consumers have; a bus that keeps
   * messages on their way has handled it when it holds it, and delivers it then. Such a bus notes in `relay`,
   * the transaction that marks the rows as published, how far it has come. Rejects with `BusUnavailable` when
   * it can take nothing at the moment; the messages did not fail.
   */
  publishBatch: (messages: readonly Message[], relay?: Sql) => Promise<Delivery>;
  /** A batch of one; rejects with the reason when it was not handled. */
  publish: (message: Message) => Promise<void>;
  subscribe: (topic: string, consumer: string, handle: Handler) => void;
  /**
   * Only a bus that keeps messages on their way: forgets what all consumers have handled, and has the outbox
   * publish again what was lost. The relay calls it in each of its turns, under its lock. True when there is something
   * to publish again: it has to be committed before any of it is, or a turn that ends between the two leaves a stream
   * that seems to be whole and is not.
   */
  lookAfter?: (relay: Sql) => Promise<boolean>;
  /** Begins to deliver to the subscribers; all of them have subscribed by then. In one process nothing is to begin. */
  start: () => Promise<void>;
  /** Ends delivering: begins no batch, and waits for those that are under way. */
  stop: () => Promise<void>;
};

/** The bus can take nothing at the moment: what carries it is away or full. The outbox keeps the messages. */
export class BusUnavailable extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'BusUnavailable';
  }
}

// Consumers keep deadlines of their own (`inbox.ts`); this one ends a handler that forgot them.
const handlerDeadlineMs = 45_000;

export type Consumer = { consumer: string; handle: Handler };

/** Delivers inside the process. Its durability is the outbox's: nothing is kept here. */
export function createInProcessBus(log: Logger): Bus {
  const consumers = new Map<string, Consumer[]>();

  async function publishBatch(messages: readonly Message[]): Promise<Delivery> {
    const byTopic = Map.groupBy(messages, (message) => message.topic);
    const deliveries = await Promise.all(
      [...byTopic].map(async ([topic, batch]) => {
        const outcomes = (consumers.get(topic) ?? []).map((each) => deliver(log, each, batch));
        return mergeDeliveries(batch, await Promise.all(outcomes));
      }),
    );
    return {
      handled: new Set(deliveries.flatMap((delivery) => [...delivery.handled])),
      failed: new Map(deliveries.flatMap((delivery) => [...delivery.failed])),
    };
  }

  return {
    publishBatch,
    publish: async (message) => {
      const { handled, failed } = await publishBatch([message]);
      if (handled.has(message.id)) return;
      const reason = failed.get(message.id);
      throw reason instanceof Error ? reason : new Error('the message was not handled', { cause: reason });
    },
    subscribe: (topic, consumer, handle) => {
      consumers.set(topic, [...(consumers.get(topic) ?? []), { consumer, handle }]);
    },
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

/** Hands a batch to one consumer. A handler that throws or is late has failed with all of it. */
export async function deliver(
  log: Logger,
  { consumer, handle }: Consumer,
  batch: readonly Message[],
): Promise<Delivery> {
  const handled = inProcessSpan(consumer, batch, () => handle(batch));
  const delivery = await withDeadline(handled, handlerDeadlineMs, consumer).catch((error: unknown) => ({
    handled: new Set<string>(),
    failed: new Map(batch.map((message) => [message.id, error])),
  }));
  const first = batch.find((message) => delivery.failed.has(message.id));
  if (first !== undefined) {
    const { id, type, attempt } = first;
    const failed = delivery.failed.size;
    const err = String(delivery.failed.get(id));
    log.warn({ consumer, failed, message_id: id, type, attempt, err }, 'a consumer failed');
  }
  return delivery;
}

function mergeDeliveries(batch: readonly Message[], deliveries: readonly Delivery[]): Delivery {
  const handled = new Set<string>();
  const failed = new Map<string, unknown>();
  for (const { id } of batch) {
    const failing = deliveries.find((delivery) => delivery.failed.has(id));
    if (failing !== undefined) failed.set(id, failing.failed.get(id));
    else if (deliveries.every((delivery) => delivery.handled.has(id))) handled.add(id);
  }
  return { handled, failed };
}
