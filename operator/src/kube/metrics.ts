/** The runtime's metrics, by the names of controller-runtime and client-go, so that dashboards made for them work. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RequestObservation } from './api.ts';
import type { ControllerMetrics, ReconcileOutcome } from './controller.ts';
import type { QueueMetrics, WorkQueue } from './queue.ts';
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

const reconcileSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];
// client-go's are powers of ten from 10 ns; below a tenth of a millisecond nothing is told apart here.
const queueSeconds = [0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1_000];
const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
const outcomes: readonly ReconcileOutcome[] = ['success', 'requeue_after', 'error'];
const msPerSecond = 1_000;

export function createRuntimeMetrics(registry: Registry): RuntimeMetrics {
  const registers = [registry];
  return {
    ...queueMetrics(registers),
    ...controllerMetrics(registers),
    ...clientMetrics(registers),
  };
}

function queueMetrics(registers: Registry[]): Pick<RuntimeMetrics, 'queue' | 'watchQueue'> {
  const labelNames = ['name', 'controller'];
  const queues: WorkQueue[] = [];
  const counter = (name: string, help: string): Counter => new Counter({ name, help, labelNames, registers });
  const histogram = (name: string, help: string): Histogram =>
    new Histogram({ name, help, labelNames, buckets: queueSeconds, registers });
  const gauge = (name: string, help: string, read: (queue: WorkQueue) => number): Gauge =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        for (const queue of queues) this.set({ name: queue.name, controller: queue.name }, read(queue));
      },
    });
  const adds = counter('workqueue_adds_total', 'Keys added to the queue');
  const retries = counter('workqueue_retries_total', 'Keys that came back with a backoff');
  const waited = histogram('workqueue_queue_duration_seconds', 'Time a key waited for a worker, in seconds');
  const worked = histogram('workqueue_work_duration_seconds', 'Time a worker had a key, in seconds');
  gauge('workqueue_depth', 'Keys that wait for a worker', (queue) => queue.depth());
  gauge(
    'workqueue_unfinished_work_seconds',
    'Time of the work under way, all keys together, in seconds',
    (queue) => queue.runningMs().reduce((sum, ms) => sum + ms / msPerSecond, 0),
  );
  gauge(
    'workqueue_longest_running_processor_seconds',
    'Time of the work that is under way longest, in seconds',
    (queue) => Math.max(0, ...queue.runningMs()) / msPerSecond,
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

function controllerMetrics(registers: Registry[]): Pick<RuntimeMetrics, 'controller'> {
  const labelNames = ['controller'];
  const prefix = 'controller_runtime';
  const counter = (name: string, help: string): Counter =>
    new Counter({ name: `${prefix}_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string): Gauge =>
    new Gauge({ name: `${prefix}_${name}`, help, labelNames, registers });
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciles by result',
    labelNames: ['controller', 'result'],
    registers,
  });
  const seconds = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Time of one reconcile, in seconds',
    labelNames,
    buckets: reconcileSeconds,
    registers,
  });
  const errors = counter('reconcile_errors_total', 'Reconciles that failed');
  const terminal = counter(
    'terminal_reconcile_errors_total',
    'Reconciles that failed for good: not tried again',
  );
  const panics = counter('reconcile_panics_total', 'Reconciles that ended by a defect of the program');
  const timeouts = counter('reconcile_timeouts_total', 'Reconciles that ran into their deadline');
  const active = gauge('active_workers', 'Workers that have a key');
  const most = gauge('max_concurrent_reconciles', 'Workers there are');
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

function clientMetrics(
  registers: Registry[],
): Pick<RuntimeMetrics, 'request' | 'election' | 'reflector' | 'event'> {
  const counter = (name: string, help: string, labelNames: string[]): Counter =>
    new Counter({ name, help, labelNames, registers });
  const byAnswer = ['code', 'method', 'host'];
  const requests = counter('rest_client_requests_total', 'Calls to the API server, by its answer', byAnswer);
  const retries = counter('rest_client_request_retries_total', 'Calls that were repeated', byAnswer);
  const latency = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Time of one call to the API server with all its repetitions, in seconds',
    labelNames: ['verb', 'host'],
    buckets: requestSeconds,
    registers,
  });
  const leader = new Map<string, () => boolean>();
  new Gauge({
    name: 'leader_election_master_status',
    help: '1 while this process holds the lease, 0 while it stands by',
    labelNames: ['name'],
    registers,
    collect() {
      for (const [name, isHeld] of leader) this.set({ name }, isHeld() ? 1 : 0);
    },
  });
  const relists = counter('evently_informer_relists_total', 'Full lists, by why', ['resource', 'reason']);
  const restarts = counter('evently_informer_watch_restarts_total', 'Watches opened again, by why', [
    'resource',
    'reason',
  ]);
  const faults = counter(
    'evently_informer_faults_total',
    'Objects not read, events left out, handlers that threw',
    ['resource', 'fault'],
  );
  const written = counter('evently_operator_events_total', 'Kubernetes Events by what became of them', [
    'outcome',
  ]);
  return {
    request: (host, { code, method, verb, seconds, retries: repeated }) => {
      requests.inc({ code, method, host });
      if (repeated > 0) retries.inc({ code, method, host }, repeated);
      latency.observe({ verb, host }, seconds);
    },
    election: (leaseName, isHeld) => void leader.set(leaseName, isHeld),
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
