/** The runtime's metrics, by the names of controller-runtime and client-go, so that dashboards made for them work. */
import type { Registry } from 'prom-client';
import { addCounter, addGauge, addHistogram, type LabelsOf } from '@evently/kit/metrics-define';
import type { RequestObservation } from './api.ts';
import type { ControllerMetrics, ReconcileOutcome } from './controller.ts';
import type { QueueMetrics, WorkQueue } from './queue.ts';
import { runtimeDefinitions as defined, type QueueLabelSets } from './metrics-definitions.ts';
import type { EventOutcome } from './recorder.ts';
import type { ReflectorHooks } from './reflector.ts';

export type RuntimeMetrics = {
  queue: (name: string) => QueueMetrics;
  /** Shows the queue's depth and its running work at each scrape. */
  watchQueue: (queue: WorkQueue) => void;
  controller: (name: string, workers: number) => ControllerMetrics;
  /** For `KubeHooks.onRequest`; `host` is the API server's. */
  request: (host: string, observation: RequestObservation) => void;
  /** Shows at each scrape whether this process holds the lease. */
  election: (leaseName: string, isHeld: () => boolean) => void;
  reflector: (resource: string) => ReflectorHooks;
  event: (outcome: EventOutcome) => void;
};

const outcomes: readonly ReconcileOutcome[] = ['success', 'requeue_after', 'error'];
const msPerSecond = 1_000;

export function createRuntimeMetrics(registry: Registry): RuntimeMetrics {
  return {
    ...queueMetrics(registry),
    ...controllerMetrics(registry),
    ...clientMetrics(registry),
    ...ownMetrics(registry),
  };
}

type QueueLabels = LabelsOf<QueueLabelSets>;

function queueMetrics(registry: Registry): Pick<RuntimeMetrics, 'queue' | 'watchQueue'> {
  const queues: WorkQueue[] = [];
  const shown =
    (read: (queue: WorkQueue) => number) =>
    (gauge: { set: (labels: QueueLabels, value: number) => void }): void => {
      for (const queue of queues) gauge.set({ name: queue.name, controller: queue.name }, read(queue));
    };
  const adds = addCounter(registry, defined.adds);
  const retries = addCounter(registry, defined.queueRetries);
  const waited = addHistogram(registry, defined.waited);
  const worked = addHistogram(registry, defined.worked);
  addGauge(
    registry,
    defined.depth,
    shown((queue) => queue.depth()),
  );
  addGauge(
    registry,
    defined.unfinished,
    shown((queue) => queue.runningMs().reduce((sum, ms) => sum + ms / msPerSecond, 0)),
  );
  addGauge(
    registry,
    defined.longest,
    shown((queue) => Math.max(0, ...queue.runningMs()) / msPerSecond),
  );
  return {
    watchQueue: (queue) => void queues.push(queue),
    queue: (name) => {
      const labels = { name, controller: name };
      adds.inc(labels, 0);
      retries.inc(labels, 0);
      return {
        added: () => adds.inc(labels),
        retried: () => retries.inc(labels),
        waited: (seconds) => waited.observe(labels, seconds),
        worked: (seconds) => worked.observe(labels, seconds),
      };
    },
  };
}

function controllerMetrics(registry: Registry): Pick<RuntimeMetrics, 'controller'> {
  const total = addCounter(registry, defined.reconciles);
  const seconds = addHistogram(registry, defined.reconcileSeconds);
  const errors = addCounter(registry, defined.errors);
  const terminal = addCounter(registry, defined.terminal);
  const panics = addCounter(registry, defined.panics);
  const timeouts = addCounter(registry, defined.timeouts);
  const active = addGauge(registry, defined.active);
  const most = addGauge(registry, defined.most);
  return {
    controller: (name, workers) => {
      const labels = { controller: name };
      most.set(labels, workers);
      active.set(labels, 0);
      for (const one of [errors, terminal, panics, timeouts]) one.inc(labels, 0);
      for (const result of outcomes) total.inc({ controller: name, result }, 0);
      return {
        started: () => active.inc(labels),
        finished: (result, took) => {
          active.dec(labels);
          total.inc({ controller: name, result });
          seconds.observe(labels, took);
          if (result === 'error') errors.inc(labels);
        },
        terminal: () => terminal.inc(labels),
        panicked: () => panics.inc(labels),
        timedOut: () => timeouts.inc(labels),
      };
    },
  };
}

function clientMetrics(registry: Registry): Pick<RuntimeMetrics, 'request' | 'election'> {
  const requests = addCounter(registry, defined.requests);
  const retries = addCounter(registry, defined.requestRetries);
  const latency = addHistogram(registry, defined.requestSeconds);
  const leader = new Map<string, () => boolean>();
  addGauge(registry, defined.leader, (gauge) => {
    for (const [name, isHeld] of leader) gauge.set({ name }, isHeld() ? 1 : 0);
  });
  return {
    request: (host, { code, method, verb, seconds, retries: repeated }) => {
      requests.inc({ code, method, host });
      if (repeated > 0) retries.inc({ code, method, host }, repeated);
      latency.observe({ verb, host }, seconds);
    },
    election: (leaseName, isHeld) => void leader.set(leaseName, isHeld),
  };
}

function ownMetrics(registry: Registry): Pick<RuntimeMetrics, 'reflector' | 'event'> {
  const relists = addCounter(registry, defined.relists);
  const restarts = addCounter(registry, defined.restarts);
  const faults = addCounter(registry, defined.faults);
  const written = addCounter(registry, defined.events);
  return {
    reflector: (resource) => ({
      onRelist: (reason) => relists.inc({ resource, reason }),
      onWatchRestart: (reason) => restarts.inc({ resource, reason }),
      onUnreadable: () => faults.inc({ resource, fault: 'unreadable' }),
      onHandlerError: () => faults.inc({ resource, fault: 'handler' }),
      onStaleEvent: () => faults.inc({ resource, fault: 'stale' }),
    }),
    event: (outcome) => written.inc({ outcome }),
  };
}
