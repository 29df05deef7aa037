/** Alerts of the processes and of what goes on between them: messages, payments, the index, pools, event loops. */
import type { Alert } from './alert.ts';

/** Label `job` of every process of the platform. */
export const parts = ['user', 'event', 'booking', 'payment', 'search', 'operator', 'standalone'] as const;

const ofThePlatform = `{job=~"${parts.join('|')}"}`;

export const platformAlerts: readonly Alert[] = [
  {
    name: 'EventlyPaymentsUnknown',
    severity: 'page',
    conditions: [{ measure: 'max(evently_payment_oldest_unknown_seconds)', is: [['>', 900]] }],
    for: '1m',
    summary: 'Payments have had no outcome for a quarter of an hour',
    description:
      'The oldest has been unknown for {{ $value | humanizeDuration }}: its seats are kept from others, and its buyer does not know whether they have paid.',
    runbook: 'payments-unknown',
    dashboard: 'checkout',
  },
  {
    name: 'EventlyOutboxLags',
    severity: 'page',
    conditions: [{ measure: 'max by (service) (evently_outbox_oldest_age_seconds)', is: [['>', 60]] }],
    for: '2m',
    summary: 'Messages of {{ $labels.service }} are not published',
    description:
      'The oldest has waited for {{ $value | humanizeDuration }}. Nothing is lost; other services act on what was true then.',
    runbook: 'outbox-lags',
    dashboard: 'async',
  },
  {
    name: 'EventlyDeadLetters',
    severity: 'ticket',
    conditions: [{ measure: 'max by (service) (evently_dead_letters_items)', is: [['>', 0]] }],
    for: '1m',
    summary: '{{ $labels.service }} has put messages aside',
    description: '{{ $value }} messages failed five times each, and wait for somebody who repairs the cause.',
    runbook: 'dead-letters',
    dashboard: 'async',
  },
  {
    name: 'EventlySearchIndexLags',
    severity: 'ticket',
    conditions: [{ measure: 'max(evently_search_index_lag_seconds)', is: [['>', 60]] }],
    for: '2m',
    summary: 'The search index is behind',
    description: 'The oldest change that is not in it was made {{ $value | humanizeDuration }} ago.',
    runbook: 'search-index-lags',
    dashboard: 'async',
  },
  ...processAlerts(),
  {
    name: 'EventlyFiguresStale',
    severity: 'page',
    conditions: [
      {
        measure: 'time() - max by (service, figures) (evently_db_figures_read_timestamp_seconds)',
        is: [['>', 150]],
      },
    ],
    for: '30s',
    summary: 'What {{ $labels.service }} reads from its database to be watched is old',
    description:
      'Its figures "{{ $labels.figures }}" were read {{ $value | humanizeDuration }} ago. What is that old is not shown any more, and alerts on it cannot fire: nobody would see that an event is oversold.',
    runbook: 'figures-stale',
    dashboard: 'services',
  },
  {
    name: 'EventlyPoolWaits',
    severity: 'ticket',
    conditions: [
      {
        measure:
          'histogram_quantile(0.99, sum by (service, pool, le) (rate(evently_db_pool_wait_duration_seconds_bucket[5m])))',
        is: [['>', 0.1]],
      },
      {
        on: ['service', 'pool'],
        measure: 'sum by (service, pool) (rate(evently_db_pool_wait_duration_seconds_count[5m]))',
        is: [['>', 1]],
      },
    ],
    for: '5m',
    summary: '{{ $labels.service }} waits for connections to its database',
    description:
      'One request in a hundred of pool {{ $labels.pool }} waits longer than {{ $value | humanizeDuration }} for one.',
    runbook: 'pool-waits',
    dashboard: 'runtime',
  },
  {
    name: 'EventlyEventLoopLags',
    severity: 'ticket',
    conditions: [
      {
        measure: `max by (job, instance) (nodejs_eventloop_lag_p99_seconds${ofThePlatform})`,
        is: [['>', 0.2]],
      },
    ],
    for: '2m',
    summary: '{{ $labels.instance }} of {{ $labels.job }} is busy with something else than requests',
    description:
      'One turn of its event loop in a hundred takes longer than {{ $value | humanizeDuration }}; every request in it waits as long.',
    runbook: 'event-loop-lags',
    dashboard: 'runtime',
  },
];

function processAlerts(): Alert[] {
  return [
    {
      name: 'EventlyProcessDown',
      severity: 'ticket',
      conditions: [{ measure: `max by (job, instance) (up${ofThePlatform})`, is: [['==', 0]] }],
      for: '2m',
      summary: '{{ $labels.instance }} of {{ $labels.job }} does not answer Prometheus',
      description: 'It is down, starting for long, or too busy to answer. Others of its part may be well.',
      runbook: 'process-down',
      dashboard: 'services',
    },
    {
      name: 'EventlyPartDown',
      severity: 'page',
      conditions: [
        // An hour's memory: with service discovery, what ended is no target any more, and no longer anybody's fault.
        { measure: `group by (job) (last_over_time(up${ofThePlatform}[1h]))` },
        { join: 'unless', on: ['job'], measure: `max by (job) (up${ofThePlatform})`, is: [['==', 1]] },
      ],
      for: '1m',
      summary: 'No process of {{ $labels.job }} is up',
      description:
        'There was one within the last hour; now none answers Prometheus, or none is among its targets.',
      runbook: 'part-down',
      dashboard: 'services',
    },
    {
      name: 'EventlyNothingScraped',
      severity: 'page',
      conditions: [
        { measure: 'vector(1)' },
        { join: 'unless', on: [], measure: `group(up${ofThePlatform})` },
      ],
      for: '5m',
      summary: 'Prometheus sees no process of the platform',
      description:
        'Among its targets there is none of any part, so no other alert can fire. The scrape configuration, its labels or its rights are wrong, or nothing runs.',
      runbook: 'part-down',
      dashboard: 'services',
    },
  ];
}
