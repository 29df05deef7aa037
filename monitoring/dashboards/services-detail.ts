/** Rows of the dashboard Services: route by route, the objectives, and what services share. */
import { rising, type Row } from './panel.ts';
import { failed, maxBy, ofService, quantile, rateBy, series, shareOf, sumBy } from './queries.ts';

const requests = 'evently_http_request_duration_seconds';
const counted = `${requests}_count`;
const byRoute = 'service, method, route';
// Joins rows of a table by one label, and tells equal routes of two services apart.
const asCall = (expr: string): string => `label_join(${expr}, "call", " ", "service", "method", "route")`;

export const routes: Row = {
  title: 'By route',
  panels: [
    {
      kind: 'grid',
      title: 'Routes now',
      means:
        'Every route that was asked, by its pattern: requests a second, the share that failed, and how long answers took.',
      act: 'Sort by a column. A route that fails alone has a cause of its own; all of a service, the service has.',
      unit: 'short',
      noData: 'No requests',
      width: 24,
      height: 10,
      joinedBy: 'call',
      sortedBy: 'Requests per second',
      queries: [
        { expr: asCall(rateBy(byRoute, counted, ofService)), legend: 'rate', instant: true },
        { expr: asCall(shareOf(byRoute, counted, failed, ofService)), legend: 'failed', instant: true },
        { expr: asCall(quantile(0.5, byRoute, requests, ofService)), legend: 'p50', instant: true },
        { expr: asCall(quantile(0.99, byRoute, requests, ofService)), legend: 'p99', instant: true },
      ],
      columns: [
        { field: 'call', title: 'Route' },
        { field: 'Value #A', title: 'Requests per second', unit: 'reqps', decimals: 1 },
        { field: 'Value #B', title: 'Failed', unit: 'percentunit', decimals: 2, steps: rising(0.001, 0.01) },
        { field: 'Value #C', title: 'p50', unit: 's' },
        { field: 'Value #D', title: 'p99', unit: 's' },
      ],
    },
    {
      kind: 'curves',
      title: 'Busiest routes',
      means: 'The ten routes with most requests a second at each moment.',
      act: 'Lists that grow in a sale: clients ask instead of listening to the stream of availability.',
      unit: 'reqps',
      noData: 'No requests',
      width: 12,
      height: 8,
      min: 0,
      queries: [
        {
          expr: `topk(10, ${rateBy(byRoute, counted, ofService)})`,
          legend: '{{service}} {{method}} {{route}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Slowest routes, p99',
      means:
        'The ten routes with the highest p99 at each moment; streams are not among them, they last by design.',
      act: 'A route that was not there yesterday: look at what it waits for in a trace.',
      unit: 's',
      noData: 'No requests',
      width: 12,
      height: 8,
      min: 0,
      queries: [
        {
          expr: `topk(10, ${quantile(0.99, byRoute, requests, ofService, 'route!~".*/stream"')})`,
          legend: '{{service}} {{method}} {{route}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Answers per second, by status',
      means: 'Answers of the chosen services by their status.',
      act: '4xx are refusals and mistakes of callers; 5xx are ours.',
      unit: 'reqps',
      noData: 'No requests',
      width: 12,
      height: 8,
      stacked: true,
      min: 0,
      queries: [{ expr: rateBy('status', counted, ofService), legend: '{{status}}' }],
    },
    {
      kind: 'heat',
      title: 'Requests, by how long they took',
      means: 'How many requests were answered in which time, all routes together.',
      act: 'A second band above the first: something waits, such as a lock or a pool.',
      unit: 's',
      noData: 'No requests',
      width: 12,
      height: 8,
      queries: [{ expr: rateBy('le', `${requests}_bucket`, ofService), legend: '{{le}}' }],
    },
  ],
};

export const objectives: Row = {
  title: 'Objectives',
  panels: [
    {
      kind: 'bars',
      title: 'Error budget left, of 30 days',
      means:
        'What each objective may still fail in its 30 days, as a share of all it may. Below zero it is missed.',
      act: 'Below a quarter: no risky release. At zero: mend before anything else.',
      unit: 'percentunit',
      noData: 'No requests in 30 days, or the recording rules are not loaded',
      width: 12,
      height: 8,
      decimals: 1,
      max: 1,
      queries: [{ expr: 'evently:slo_budget_left:ratio30d', legend: '{{slo}}', instant: true }],
      steps: [
        { from: null, colour: 'red' },
        { from: 0, colour: 'yellow' },
        { from: 0.25, colour: 'green' },
      ],
    },
    {
      kind: 'curves',
      title: 'Bad answers of each objective, share in 5 minutes',
      means: 'Answers that an objective counts as bad, as a share of those it counts at all.',
      act: 'Fourteen times what is allowed, for an hour, pages; see the runbook of that objective.',
      unit: 'percentunit',
      noData: 'No requests, or the recording rules are not loaded',
      width: 12,
      height: 8,
      min: 0,
      queries: [
        {
          expr: 'evently:slo_bad_requests:rate5m / (evently:slo_requests:rate5m > 0)',
          legend: '{{slo}}',
        },
      ],
    },
  ],
};

export const sharedParts: Row = {
  title: 'What services share',
  panels: [
    {
      kind: 'curves',
      title: 'Limits: where requests are counted',
      means:
        'Requests that were counted against a limit, together with the other pods or by one process alone.',
      act: 'Alone while there are several pods: Redis is away, and limits are looser than they are set.',
      unit: 'reqps',
      noData: 'No Redis here: each process counts for itself',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: rateBy('counted', 'evently_limits_counted_total'), legend: '{{counted}}' }],
    },
    {
      kind: 'curves',
      title: 'Cache: where answers come from',
      means: 'Answers that a process did not have itself: from another pod, or made here.',
      act: 'Only made ones with several pods: Redis is away.',
      unit: 'ops',
      noData: 'No Redis here: each process keeps its own',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: rateBy('space, from', 'evently_cache_answers_total'), legend: '{{space}} {{from}}' }],
    },
    {
      kind: 'curves',
      title: 'Open streams of availability',
      means: 'Buyers who watch an event live, in each process.',
      act: 'At the limit of a process new ones are refused with too_many_streams: more pods of event.',
      unit: 'short',
      noData: 'The service event is not heard',
      width: 8,
      height: 8,
      stacked: true,
      min: 0,
      queries: [
        {
          expr: sumBy('instance', series('evently_event_availability_streams_items')),
          legend: '{{instance}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Logins and registrations per second',
      means: 'Credentials of buyers and administrators that were asked for, by kind and outcome.',
      act: 'busy: more passwords than the machine can hash. refused in masses: somebody guesses.',
      unit: 'reqps',
      noData: 'Nobody logs in',
      width: 12,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('kind, outcome', 'evently_user_credentials_total'),
          legend: 'buyers {{kind}} {{outcome}}',
        },
        {
          expr: rateBy('kind, outcome', 'evently_event_credentials_total'),
          legend: 'administrators {{kind}} {{outcome}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Passwords waiting to be hashed',
      means: 'Hashes that wait or run, in the process that has most of them.',
      act: 'Long before an opening: buyers log in all at once. It has a limit, above which they are told to come again.',
      unit: 'short',
      noData: 'User and event are not heard',
      width: 12,
      height: 8,
      min: 0,
      queries: [
        { expr: maxBy('', series('evently_user_password_queue_items')), legend: 'buyers' },
        { expr: maxBy('', series('evently_event_password_queue_items')), legend: 'administrators' },
      ],
    },
  ],
};
