/** The runtime's metrics, as values, by the names of controller-runtime and client-go: dashboards made for them work. */
import { defineCounter, defineGauge, defineHistogram } from '@evently/kit/metrics-define';

const reconcileSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];
// client-go's are powers of ten from 10 ns; below a tenth of a millisecond nothing is told apart here.
const queueSeconds = [0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1_000];
const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

const queues = 'queues of this process: sale, floor';
const queueLabels = { name: queues, controller: queues } as const;
export type QueueLabelSets = typeof queueLabels;
const byController = { controller: 'controllers of this process: sale, floor' } as const;
const byAnswer = {
  code: 'status codes that the API server answered, and <error> for none',
  method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  host: 'the API server',
} as const;
const resource = 'resources that are watched';

export const runtimeDefinitions = {
  adds: defineCounter({
    name: 'workqueue_adds_total',
    help: 'Keys added to the queue',
    labels: queueLabels,
  }),
  queueRetries: defineCounter({
    name: 'workqueue_retries_total',
    help: 'Keys that came back with a backoff',
    labels: queueLabels,
  }),
  waited: defineHistogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'Time a key waited for a worker, in seconds',
    labels: queueLabels,
    buckets: queueSeconds,
  }),
  worked: defineHistogram({
    name: 'workqueue_work_duration_seconds',
    help: 'Time a worker had a key, in seconds',
    labels: queueLabels,
    buckets: queueSeconds,
  }),
  depth: defineGauge({
    name: 'workqueue_depth',
    help: 'Keys that wait for a worker',
    labels: queueLabels,
  }),
  unfinished: defineGauge({
    name: 'workqueue_unfinished_work_seconds',
    help: 'Time of the work under way, all keys together, in seconds',
    labels: queueLabels,
  }),
  longest: defineGauge({
    name: 'workqueue_longest_running_processor_seconds',
    help: 'Time of the work that is under way longest, in seconds',
    labels: queueLabels,
  }),
  reconciles: defineCounter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciles by result',
    labels: { ...byController, result: ['success', 'requeue_after', 'error'] },
  }),
  reconcileSeconds: defineHistogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Time of one reconcile, in seconds',
    labels: byController,
    buckets: reconcileSeconds,
  }),
  errors: defineCounter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Reconciles that failed',
    labels: byController,
  }),
  terminal: defineCounter({
    name: 'controller_runtime_terminal_reconcile_errors_total',
    help: 'Reconciles that failed for good: not tried again',
    labels: byController,
  }),
  panics: defineCounter({
    name: 'controller_runtime_reconcile_panics_total',
    help: 'Reconciles that ended by a defect of the program',
    labels: byController,
  }),
  timeouts: defineCounter({
    name: 'controller_runtime_reconcile_timeouts_total',
    help: 'Reconciles that ran into their deadline',
    labels: byController,
  }),
  active: defineGauge({
    name: 'controller_runtime_active_workers',
    help: 'Workers that have a key',
    labels: byController,
  }),
  most: defineGauge({
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Workers there are',
    labels: byController,
  }),
  requests: defineCounter({
    name: 'rest_client_requests_total',
    help: 'Calls to the API server, by its answer',
    labels: byAnswer,
  }),
  requestRetries: defineCounter({
    name: 'rest_client_request_retries_total',
    help: 'Calls that were repeated',
    labels: byAnswer,
  }),
  requestSeconds: defineHistogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Time of one call to the API server with all its repetitions, in seconds',
    labels: { verb: 'verbs of the Kubernetes API', host: 'the API server' },
    buckets: requestSeconds,
  }),
  leader: defineGauge({
    name: 'leader_election_master_status',
    help: '1 while this process holds the lease, 0 while it stands by',
    labels: { name: 'the name of the lease' },
  }),
  relists: defineCounter({
    name: 'evently_informer_relists_total',
    help: 'Full lists, by why',
    labels: {
      resource,
      reason: ['start', 'expired', 'empty-closes', 'silent', 'periodic', 'error'],
    },
  }),
  restarts: defineCounter({
    name: 'evently_informer_watch_restarts_total',
    help: 'Watches opened again, by why',
    labels: { resource, reason: ['closed', 'error'] },
  }),
  faults: defineCounter({
    name: 'evently_informer_faults_total',
    help: 'Objects not read, events left out, handlers that threw',
    labels: { resource, fault: ['unreadable', 'handler', 'stale'] },
  }),
  events: defineCounter({
    name: 'evently_operator_events_total',
    help: 'Kubernetes Events by what became of them',
    labels: { outcome: ['written', 'merged', 'suppressed', 'dropped', 'failed'] },
  }),
} as const;
