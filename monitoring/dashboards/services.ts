/** The dashboard of the services: rate, errors and duration of every route, and what their objectives have left. */
import { latencySteps } from './limits.ts';
import { rising, type Dashboard, type Row } from './panel.ts';
import { failed, gained, ofService, quantile, rateBy, shareOf, sumBy } from './queries.ts';
import { objectives, routes, sharedParts } from './services-detail.ts';

const requests = 'evently_http_request_duration_seconds';
const counted = `${requests}_count`;

// None of them is 0, and not unknown, as long as anything was answered.
const orNone = (gain: string): string => `${sumBy('', gain)} or ${sumBy('', gained(counted, ofService))} * 0`;

const answering: Row = {
  title: 'Are requests answered?',
  panels: [
    {
      kind: 'figure',
      title: 'Requests per second',
      means:
        'Answers of the chosen services, summed over all processes. A request that one service passes to another counts in both.',
      act: 'Nothing: it says how much is going on.',
      unit: 'reqps',
      noData: 'No requests',
      width: 4,
      height: 4,
      curve: true,
      queries: [{ expr: rateBy('', counted, ofService), legend: 'requests' }],
    },
    {
      kind: 'figure',
      title: 'Failed',
      means: 'Answers with 5xx, as a share of all.',
      act: 'See which service and which route below; each 500 has a log line with its trace.',
      unit: 'percentunit',
      noData: 'No requests',
      width: 4,
      height: 4,
      decimals: 3,
      queries: [{ expr: shareOf('', counted, failed, ofService), legend: 'failed' }],
      steps: rising(0.001, 0.01),
    },
    {
      kind: 'figure',
      title: 'p99',
      means: 'Of a hundred requests, ninety-nine are answered faster; all routes together.',
      act: 'See the slowest routes below. Logins are slow on purpose.',
      unit: 's',
      noData: 'No requests',
      width: 4,
      height: 4,
      queries: [{ expr: quantile(0.99, '', requests, ofService), legend: 'p99' }],
      steps: latencySteps('browse-latency'),
    },
    {
      kind: 'figure',
      title: 'Limited',
      means: 'Answers with 429, as a share of all: somebody asks more than the limits allow.',
      act: 'A crowd of honest buyers that is limited: raise the limit of that route. One address: let it be limited.',
      unit: 'percentunit',
      noData: 'No requests',
      width: 4,
      height: 4,
      decimals: 2,
      queries: [{ expr: shareOf('', counted, 'status="429"', ofService), legend: 'limited' }],
      steps: rising(0.05, 0.2),
    },
    {
      kind: 'figure',
      title: 'Refused for load',
      means:
        'Answers with 503 over the time that is shown: a full line, a database that is away, a process that starts.',
      act: 'More than a handful: see the pools on Runtime, and the line on Contention.',
      leadsTo: 'runtime',
      unit: 'locale',
      noData: 'No requests',
      width: 4,
      height: 4,
      decimals: 0,
      queries: [{ expr: orNone(gained(counted, ofService, 'status="503"')), legend: '503', instant: true }],
      steps: rising(1, 100),
    },
    {
      kind: 'figure',
      title: 'Errors of ours',
      means:
        'Answers with 500 over the time that is shown. Each is a defect or broken infrastructure, and has a log line.',
      act: 'Take the trace id of one from the points below or from the log, and follow it.',
      unit: 'locale',
      noData: 'No requests',
      width: 4,
      height: 4,
      decimals: 0,
      queries: [{ expr: orNone(gained(counted, ofService, 'status="500"')), legend: '500', instant: true }],
      steps: rising(1, 10),
    },
  ],
};

const byService: Row = {
  title: 'By service',
  panels: [
    {
      kind: 'curves',
      title: 'Requests per second, by service',
      means: 'Answers of each service, summed over its processes.',
      act: 'One at zero: its pods are not ready, or nothing reaches them.',
      unit: 'reqps',
      noData: 'No requests',
      width: 8,
      height: 8,
      stacked: true,
      min: 0,
      queries: [{ expr: rateBy('service', counted, ofService), legend: '{{service}}' }],
    },
    {
      kind: 'curves',
      title: 'Failed, share by service',
      means: 'Answers with 5xx as a share of all of that service.',
      act: 'The service that fails first in time is the cause; those that call it fail after it.',
      unit: 'percentunit',
      noData: 'No requests',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: shareOf('service', counted, failed, ofService), legend: '{{service}}' }],
      steps: rising(0.001, 0.01),
    },
    {
      kind: 'curves',
      title: 'Latency, p99 by service',
      means:
        'Time from a request to its answer; ninety-nine of a hundred are faster. The points are single requests.',
      act: 'A point leads to its trace, where it is seen what the time went to.',
      unit: 's',
      noData: 'No requests',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: quantile(0.99, 'service', requests, ofService), legend: '{{service}}' }],
      steps: latencySteps('browse-latency'),
    },
  ],
};

export const services: Dashboard = {
  uid: 'evently-services',
  title: 'Evently / Services',
  answers: 'Are requests answered, how fast, and which route is not? How much of each objective is left?',
  tags: ['http', 'slo'],
  refresh: '10s',
  from: 'now-1h',
  choices: ['service'],
  offeredBy: 'evently_build_info',
  rows: [answering, byService, routes, objectives, sharedParts],
};
