/** Rows of the dashboard Operator: getting warm, changes outside, reconciles, and the API server. */
import { rising, type Row } from './panel.ts';
import { maxBy, quantile, rateBy, series } from './queries.ts';

const preparing: Row = {
  title: 'Getting ready',
  panels: [
    {
      kind: 'curves',
      title: 'Lead time, by target',
      means:
        'How long before an opening the floor is raised, as the pods of the target were measured: nodes, images, readiness, warming.',
      act: 'When it grows from sale to sale, pods start more slowly: look at images and nodes.',
      unit: 'dthms',
      noData: 'Nothing was measured yet',
      width: 24,
      height: 5,
      min: 0,
      queries: [
        {
          expr: maxBy('namespace, target', series('evently_operator_lead_time_seconds')),
          legend: '{{namespace}}/{{target}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Warming, p99 by task',
      means: 'How long a task of warming took where it ran; ninety-nine of a hundred took less.',
      act: 'A task that nears its time-out: give it more lead time.',
      unit: 's',
      noData: 'Nothing was warmed',
      width: 6,
      height: 8,
      min: 0,
      queries: [{ expr: quantile(0.99, 'task', 'evently_operator_warm_seconds'), legend: '{{task}}' }],
    },
    {
      kind: 'curves',
      title: 'Warming per second, by result',
      means: 'Tasks of warming that ended, by task and result.',
      act: 'failed: the status of the EventSale names the pod and the error.',
      unit: 'ops',
      noData: 'Nothing was warmed',
      width: 6,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('task, result', 'evently_operator_warm_seconds_count'),
          legend: '{{task}} {{result}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Changes outside per second, by outcome',
      means: 'What the operator did to the world: arming, floors, status, warming.',
      act: 'failed of arm: booking is away or refuses. failed of apply-floor: the rights of the operator.',
      unit: 'ops',
      noData: 'Nothing was changed',
      width: 6,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('effect, outcome', 'evently_operator_effect_seconds_count'),
          legend: '{{effect}} {{outcome}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Time of changes outside, p99',
      means: 'How long a change took; ninety-nine of a hundred took less.',
      act: 'arm is a call of booking: slow means that booking is.',
      unit: 's',
      noData: 'Nothing was changed',
      width: 6,
      height: 8,
      min: 0,
      queries: [{ expr: quantile(0.99, 'effect', 'evently_operator_effect_seconds'), legend: '{{effect}}' }],
    },
  ],
};

const reconciling: Row = {
  title: 'Reconciles and the queue',
  panels: [
    {
      kind: 'curves',
      title: 'Reconciles per second, by result',
      means: 'Reconciles of each controller. requeue_after is the normal end: it comes back at its time.',
      act: 'error that lasts: see the log.',
      unit: 'ops',
      noData: 'No operator here',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('controller, result', 'controller_runtime_reconcile_total'),
          legend: '{{controller}} {{result}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Time of a reconcile, p99',
      means: 'How long one reconcile took; ninety-nine of a hundred took less.',
      act: 'Near its deadline: the API server or booking is slow.',
      unit: 's',
      noData: 'No operator here',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: quantile(0.99, 'controller', 'controller_runtime_reconcile_time_seconds'),
          legend: '{{controller}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Errors, panics, time-outs per second',
      means: 'Reconciles that did not end well, by why.',
      act: 'panics are defects of the program: report them with the log.',
      unit: 'ops',
      noData: 'No operator here',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('controller', 'controller_runtime_reconcile_errors_total'),
          legend: '{{controller}} errors',
        },
        {
          expr: rateBy('controller', 'controller_runtime_reconcile_panics_total'),
          legend: '{{controller}} panics',
        },
        {
          expr: rateBy('controller', 'controller_runtime_reconcile_timeouts_total'),
          legend: '{{controller}} time-outs',
        },
        {
          expr: rateBy('controller', 'controller_runtime_terminal_reconcile_errors_total'),
          legend: '{{controller}} for good',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Keys in the queue',
      means: 'Keys that wait for a worker, of each queue.',
      act: 'It must come back to zero between rounds.',
      unit: 'short',
      noData: 'No operator here',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: maxBy('name', series('workqueue_depth')), legend: '{{name}}' }],
    },
    {
      kind: 'curves',
      title: 'Wait in the queue, p99',
      means: 'How long a key waited for a worker; ninety-nine of a hundred waited less.',
      act: 'Above a second: reconciles are slow, or there are too many sales for the workers.',
      unit: 's',
      noData: 'No operator here',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: quantile(0.99, 'name', 'workqueue_queue_duration_seconds'), legend: '{{name}}' }],
    },
    {
      kind: 'curves',
      title: 'Longest work under way',
      means: 'How long the work that is under way longest has lasted.',
      act: 'A steady climb is a reconcile that hangs: it ends at its deadline.',
      unit: 's',
      noData: 'No operator here',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        { expr: maxBy('name', series('workqueue_longest_running_processor_seconds')), legend: '{{name}}' },
      ],
    },
  ],
};

const apiServer: Row = {
  title: 'API server',
  panels: [
    {
      kind: 'curves',
      title: 'Calls per second, by answer',
      means:
        'Calls of the API server by its status; 409 is a change that somebody else made first, and is tried again.',
      act: '403: the rights of the operator. 429: it asks too much. 5xx: the API server is not well.',
      unit: 'reqps',
      noData: 'No operator here',
      width: 6,
      height: 8,
      min: 0,
      queries: [
        { expr: rateBy('method, code', 'rest_client_requests_total'), legend: '{{method}} {{code}}' },
      ],
    },
    {
      kind: 'curves',
      title: 'Time of a call, p99 by verb',
      means: 'How long a call took with all its repetitions; ninety-nine of a hundred took less.',
      act: 'Slow in all verbs: the API server is busy.',
      unit: 's',
      noData: 'No operator here',
      width: 6,
      height: 8,
      min: 0,
      queries: [{ expr: quantile(0.99, 'verb', 'rest_client_request_duration_seconds'), legend: '{{verb}}' }],
    },
    {
      kind: 'curves',
      title: 'Silence of the API server, by resource',
      means: 'Seconds since the API server last said anything of a resource that is watched.',
      act: 'A straight line up is a watch that broke without a word; it is opened again by itself.',
      unit: 's',
      noData: 'No operator here',
      width: 6,
      height: 8,
      min: 0,
      queries: [
        { expr: maxBy('resource', series('evently_operator_informer_age_seconds')), legend: '{{resource}}' },
      ],
      steps: rising(60, 90),
    },
    {
      kind: 'curves',
      title: 'Full lists and watches opened again, per second',
      means: 'How often the picture of a resource was read anew, and its watch opened again, by why.',
      act: 'Many: the connection to the API server breaks.',
      unit: 'ops',
      noData: 'None was needed',
      width: 6,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('resource, reason', 'evently_informer_relists_total'),
          legend: '{{resource}} list: {{reason}}',
        },
        {
          expr: rateBy('resource, reason', 'evently_informer_watch_restarts_total'),
          legend: '{{resource}} watch: {{reason}}',
        },
      ],
    },
  ],
};

export const work: readonly Row[] = [preparing, reconciling, apiServer];
