/** Rows of the dashboard Runtime: connections of databases, and the processes by their builds and lives. */
import { rising, type Row } from './panel.ts';
import { maxBy, ofService, quantile, rateBy, series, sumBy } from './queries.ts';

const lives = ['starting', 'serving', 'draining'];
const phaseOf = (phase: string): string => series('evently_pod_phase_info', `phase="${phase}"`);

export const connections: Row = {
  title: 'Connections of databases',
  panels: [
    {
      kind: 'curves',
      title: 'Waiting for a connection, by pool',
      means:
        'Statements and transactions that wait for a connection, by service and pool, all its processes together.',
      act: 'See the time of the wait beside it; then slow statements in the database.',
      unit: 'short',
      noData: 'No pool is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: sumBy('service, pool', series('evently_db_pool_waiting_items', ofService)),
          legend: '{{service}} {{pool}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Connections, by pool and state',
      means:
        'Connections of the pools, used or idle, by service. All services share the limit of their database.',
      act: 'All used, and work waits: the pool is the limit.',
      unit: 'short',
      noData: 'No pool is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: sumBy('service, pool, state', series('evently_db_pool_connections_items', ofService)),
          legend: '{{service}} {{pool}} {{state}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Wait for a connection, p99',
      means: 'How long work waited for a connection; ninety-nine of a hundred waited less.',
      act: 'Above 100 ms: it is a part of what buyers wait.',
      unit: 's',
      noData: 'No connection was asked for',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: quantile(0.99, 'service, pool', 'evently_db_pool_wait_duration_seconds', ofService),
          legend: '{{service}} {{pool}}',
        },
      ],
      steps: rising(0.02, 0.1),
    },
  ],
};

export const processes: Row = {
  title: 'Processes',
  panels: [
    {
      kind: 'grid',
      title: 'Builds that run',
      means:
        'How many processes run which build of each service. Two builds of one service are a release under way.',
      act: 'Two builds for long: a rollout hangs, see kubectl rollout status.',
      unit: 'short',
      noData: 'No process is heard',
      width: 8,
      height: 8,
      joinedBy: 'service',
      queries: [
        {
          expr: `count by (service, version, node) (${series('evently_build_info', ofService)})`,
          legend: 'processes',
          instant: true,
        },
      ],
      columns: [
        { field: 'service', title: 'Service' },
        { field: 'version', title: 'Version' },
        { field: 'node', title: 'Node' },
        { field: 'Value', title: 'Processes' },
      ],
    },
    {
      kind: 'states',
      title: 'Lives of the pods',
      means: 'Where each pod is in its life: starting, serving, draining. One process without pods has none.',
      act: 'starting for long: it waits for its database or for being warm; its readiness says what for.',
      unit: 'none',
      noData: 'No pod here',
      width: 8,
      height: 8,
      queries: [
        {
          expr: maxBy(
            'job, instance',
            lives
              .map((phase, index) => `(${phaseOf(phase)} == 1) * ${index + 1}`)
              .join(' or ignoring (phase) '),
          ),
          legend: '{{job}} {{instance}}',
        },
      ],
      words: {
        1: { text: 'starting', colour: 'yellow' },
        2: { text: 'serving', colour: 'green' },
        3: { text: 'draining', colour: 'purple' },
      },
    },
    {
      kind: 'curves',
      title: 'Open files and connections',
      means: 'File descriptors of each process; connections of buyers and databases are among them.',
      act: 'Near the limit of the process, new connections are refused: raise it.',
      unit: 'short',
      noData: 'No process is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: maxBy('job, instance', series('process_open_fds')),
          legend: '{{job}} {{instance}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Lists and reports, by the server that was read',
      means: 'Reads that may come from a replica, by where they came from.',
      act: 'primary with a replica set: the replica is away or too far behind.',
      unit: 'ops',
      noData: 'No replica is set',
      width: 12,
      height: 8,
      min: 0,
      queries: [{ expr: rateBy('from', 'evently_replica_reads_total'), legend: '{{from}}' }],
    },
    {
      kind: 'states',
      title: 'Bus reached',
      means: 'Whether each pod reaches Redis; away means that its messages wait in the outbox.',
      act: 'All pods away: Redis is. One pod: its network is.',
      unit: 'none',
      noData: 'No bus between pods here',
      width: 12,
      height: 8,
      queries: [
        {
          expr: maxBy('job, instance', series('evently_pod_bus_connected_info')),
          legend: '{{job}} {{instance}}',
        },
      ],
      words: { 0: { text: 'away', colour: 'red' }, 1: { text: 'reached', colour: 'green' } },
    },
  ],
};

/** Whether what is shown here can be believed. */
export const watching: Row = {
  title: 'Is what we see true?',
  panels: [
    {
      kind: 'curves',
      title: 'Age of the figures from databases',
      means:
        'Time since any process last read the figures of a service from its database: stock, outbox, locks. Old figures are not shown, so that a gap elsewhere is one of these.',
      act: 'Climbing: the database is away or too busy to be asked; see the reads beside it.',
      unit: 's',
      noData: 'No database was asked',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: `time() - ${maxBy('service, figures', series('evently_db_figures_read_timestamp_seconds', ofService))}`,
          legend: '{{service}} {{figures}}',
        },
      ],
      steps: rising(30, 120),
    },
    {
      kind: 'curves',
      title: 'Reads of figures per second, by outcome',
      means: 'How often processes asked their databases for figures, and what came of it.',
      act: 'failed: the log of that service says why, once.',
      unit: 'ops',
      noData: 'No database was asked',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('service, figures, outcome', 'evently_db_figures_reads_total', ofService),
          legend: '{{service}} {{figures}} {{outcome}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Spans of traces per second, by outcome',
      means: 'Parts of traces that processes sent to the collector. Without a collector none are made.',
      act: 'failed or dropped: the collector is away or slow; buyers notice nothing of it.',
      unit: 'ops',
      noData: 'No collector is set',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: rateBy('outcome', 'evently_traces_spans_total'), legend: '{{outcome}}' }],
    },
  ],
};
