/** Metrics of the bus between pods. Consumers and topics are few and named by the contracts. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { GroupState } from './stream.ts';

export type StreamMetrics = {
  published: (topic: string, messages: number) => void;
  replayed: (topic: string, messages: number) => void;
  heldBack: (topic: string) => void;
  handled: (topic: string, consumer: string, messages: number) => void;
  failed: (topic: string, consumer: string, messages: number) => void;
  surveyed: (topic: string, length: number, groups: readonly GroupState[]) => void;
};

export function createStreamMetrics(registry: Registry): StreamMetrics {
  const registers = [registry];
  const published = new Counter({
    name: 'evently_bus_published_total',
    help: 'Messages that were added to the stream of their topic, repeats included',
    labelNames: ['topic'],
    registers,
  });
  const replayed = new Counter({
    name: 'evently_bus_replayed_total',
    help: 'Messages that are published again because the stream was lost before all had handled them',
    labelNames: ['topic'],
    registers,
  });
  const heldBack = new Counter({
    name: 'evently_bus_held_back_total',
    help: 'Rounds of the relay in which the stream was full, so that messages stayed in the outbox',
    labelNames: ['topic'],
    registers,
  });
  const handled = new Counter({
    name: 'evently_bus_handled_total',
    help: 'Messages that a consumer of this process has handled',
    labelNames: ['topic', 'consumer'],
    registers,
  });
  const failed = new Counter({
    name: 'evently_bus_failed_total',
    help: 'Attempts of a consumer of this process that failed, each of one message',
    labelNames: ['topic', 'consumer'],
    registers,
  });
  const gauges = createGauges(registers);
  return {
    published: (topic, messages) => published.inc({ topic }, messages),
    replayed: (topic, messages) => replayed.inc({ topic }, messages),
    heldBack: (topic) => heldBack.inc({ topic }),
    handled: (topic, consumer, messages) => handled.inc({ topic, consumer }, messages),
    failed: (topic, consumer, messages) => failed.inc({ topic, consumer }, messages),
    surveyed: (topic, length, groups) => {
      gauges.length.set({ topic }, length);
      for (const { group, waiting, pending } of groups) {
        gauges.pending.set({ topic, consumer: group }, pending);
        // Without a number of its own (Redis 6) the whole stream is the most that can wait.
        gauges.lag.set({ topic, consumer: group }, waiting ?? length);
      }
    },
  };
}

type Gauges = { length: Gauge; lag: Gauge; pending: Gauge };

/** As the relay saw them last; every pod of the publishing service looks in turn, so take the maximum. */
function createGauges(registers: Registry[]): Gauges {
  return {
    length: new Gauge({
      name: 'evently_bus_stream_items',
      help: 'Messages in the stream of a topic, as this publisher saw it last',
      labelNames: ['topic'],
      registers,
    }),
    lag: new Gauge({
      name: 'evently_bus_lag_items',
      help: 'Messages that a consumer was not given yet, as this publisher saw it last',
      labelNames: ['topic', 'consumer'],
      registers,
    }),
    pending: new Gauge({
      name: 'evently_bus_pending_items',
      help: 'Messages that a consumer was given and has not handled, as this publisher saw it last',
      labelNames: ['topic', 'consumer'],
      registers,
    }),
  };
}
