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
export type Handler = (message: Message) => Promise<void>;

export type Bus = {
  /**
   * Hands `message` to every consumer of its topic; resolves when each has stored its effect, rejects
   * when one has not, and then the whole message is published again (consumers are idempotent).
   */
  publish: (message: Message) => Promise<void>;
  subscribe: (topic: string, consumer: string, handle: Handler) => void;
};

const handlerDeadlineMs = 10_000;

/** Delivers inside the process. Its durability is the outbox's: a message is done when `publish` resolves. */
export function createInProcessBus(log: Logger): Bus {
  const consumers = new Map<string, { consumer: string; handle: Handler }[]>();
  return {
    subscribe: (topic, consumer, handle) => {
      consumers.set(topic, [...(consumers.get(topic) ?? []), { consumer, handle }]);
    },
    publish: async (message) => {
      const outcomes = await Promise.allSettled(
        (consumers.get(message.topic) ?? []).map(({ consumer, handle }) =>
          withDeadline(handle(message), handlerDeadlineMs, consumer),
        ),
      );
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed === undefined) return;
      log.warn(
        { message_id: message.id, type: message.type, attempt: message.attempt, err: String(failed.reason) },
        'a consumer failed',
      );
      throw failed.reason;
    },
  };
}
