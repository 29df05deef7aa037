/** The port that carries messages between services, and its in-process adapter. */
import { withDeadline } from './clock.ts';
import type { Logger } from './log.ts';

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
  /** Hands `messages` to every consumer of their topics. A message is handled when all of its consumers have. */
  publishBatch: (messages: readonly Message[]) => Promise<Delivery>;
  /** A batch of one; rejects with the reason when it was not handled. */
  publish: (message: Message) => Promise<void>;
  subscribe: (topic: string, consumer: string, handle: Handler) => void;
};

// Consumers keep deadlines of their own (`inbox.ts`); this one ends a handler that forgot them.
const handlerDeadlineMs = 45_000;

type Consumer = { consumer: string; handle: Handler };

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
  };
}

async function deliver(log: Logger, { consumer, handle }: Consumer, batch: Message[]): Promise<Delivery> {
  const delivery = await withDeadline(handle(batch), handlerDeadlineMs, consumer).catch((error: unknown) => ({
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
