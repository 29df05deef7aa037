/** Metrics of the bus between pods. Consumers and topics are few and named by the contracts. */
import type { Registry } from 'prom-client';
import { addCounter, addGauge, defineCounter, defineGauge } from '@evently/kit/metrics-define';
import type { GroupState } from './stream.ts';

export type StreamMetrics = {
  published: (topic: string, messages: number) => void;
  replayed: (topic: string, messages: number) => void;
  heldBack: (topic: string) => void;
  handled: (topic: string, consumer: string, messages: number) => void;
  failed: (topic: string, consumer: string, messages: number) => void;
  surveyed: (topic: string, length: number, groups: readonly GroupState[]) => void;
};

const topic = 'topics, named by the contracts';
const consumer = 'consumers of the topic, named by the contracts';
const seenLast =
  'as this publisher saw it last; every pod of the publishing service looks in turn, so take the maximum';

export const streamDefinitions = {
  published: defineCounter({
    name: 'evently_bus_published_total',
    help: 'Messages that were added to the stream of their topic, repeats included',
    labels: { topic },
  }),
  replayed: defineCounter({
    name: 'evently_bus_replayed_total',
    help: 'Messages that are published again because the stream was lost before all had handled them',
    labels: { topic },
  }),
  heldBack: defineCounter({
    name: 'evently_bus_held_back_total',
    help: 'Rounds of the relay in which the stream was full, so that messages stayed in the outbox',
    labels: { topic },
  }),
  handled: defineCounter({
    name: 'evently_bus_handled_total',
    help: 'Messages that a consumer of this process has handled',
    labels: { topic, consumer },
  }),
  failed: defineCounter({
    name: 'evently_bus_failed_total',
    help: 'Attempts of a consumer of this process that failed, each of one message',
    labels: { topic, consumer },
  }),
  length: defineGauge({
    name: 'evently_bus_stream_items',
    help: `Messages in the stream of a topic, ${seenLast}`,
    labels: { topic },
  }),
  lag: defineGauge({
    name: 'evently_bus_lag_items',
    help: `Messages that a consumer was not given yet, ${seenLast}`,
    labels: { topic, consumer },
  }),
  pending: defineGauge({
    name: 'evently_bus_pending_items',
    help: `Messages that a consumer was given and has not handled, ${seenLast}`,
    labels: { topic, consumer },
  }),
} as const;

export function createStreamMetrics(registry: Registry): StreamMetrics {
  const published = addCounter(registry, streamDefinitions.published);
  const replayed = addCounter(registry, streamDefinitions.replayed);
  const heldBack = addCounter(registry, streamDefinitions.heldBack);
  const handled = addCounter(registry, streamDefinitions.handled);
  const failed = addCounter(registry, streamDefinitions.failed);
  const length = addGauge(registry, streamDefinitions.length);
  const lag = addGauge(registry, streamDefinitions.lag);
  const pending = addGauge(registry, streamDefinitions.pending);
  return {
    published: (name, messages) => published.inc({ topic: name }, messages),
    replayed: (name, messages) => replayed.inc({ topic: name }, messages),
    heldBack: (name) => heldBack.inc({ topic: name }),
    handled: (name, by, messages) => handled.inc({ topic: name, consumer: by }, messages),
    failed: (name, by, messages) => failed.inc({ topic: name, consumer: by }, messages),
    surveyed: (name, items, groups) => {
      length.set({ topic: name }, items);
      for (const { group, waiting, pending: given } of groups) {
        pending.set({ topic: name, consumer: group }, given);
        // Without a number of its own (Redis 6) the whole stream is the most that can wait.
        lag.set({ topic: name, consumer: group }, waiting ?? items);
      }
    },
  };
}
