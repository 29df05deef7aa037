/** Alerts of the operator: whether a managed sale will be ready, and who else touches what it sets. */
import type { Alert } from './alert.ts';

export const operatorAlerts: readonly Alert[] = [
  {
    name: 'EventlySaleNotArmed',
    severity: 'page',
    conditions: [
      {
        measure: 'min by (namespace, sale) (evently_sale_time_to_open_seconds)',
        is: [
          ['<', 600],
          ['>', 0],
        ],
      },
      {
        on: ['namespace', 'sale'],
        measure: 'max by (namespace, sale) (evently_sale_armed_info)',
        is: [['==', 0]],
      },
    ],
    summary: 'EventSale {{ $labels.namespace }}/{{ $labels.sale }} opens soon and booking does not know it',
    description:
      'It opens in {{ $value | humanizeDuration }}, and booking has not the window that it asks for: at its time nothing would be sold.',
    runbook: 'sale-not-armed',
    dashboard: 'operator',
  },
  {
    name: 'EventlyCapacityShortfall',
    severity: 'page',
    conditions: [
      {
        measure: 'max by (namespace, target) (evently_operator_shortfall_pods)',
        is: [['>', 0]],
      },
      {
        // From a quarter of an hour before the opening until the worst is over.
        on: ['namespace'],
        measure: 'evently_sale_time_to_open_seconds',
        is: [
          ['<', 900],
          ['>', -600],
        ],
      },
    ],
    for: '1m',
    summary: '{{ $labels.namespace }}/{{ $labels.target }} lacks pods for a sale that is about to open',
    description: '{{ $value }} of the pods that its floor asks for are not ready.',
    runbook: 'capacity-shortfall',
    dashboard: 'operator',
  },
  {
    name: 'EventlyManagedSaleOpenedLate',
    severity: 'ticket',
    conditions: [
      {
        measure: 'max by (namespace, sale) (evently_sale_open_lateness_seconds)',
        is: [['>', 1]],
      },
      {
        on: ['namespace', 'sale'],
        measure: 'min by (namespace, sale) (evently_sale_time_to_open_seconds)',
        is: [['>', -1_800]],
      },
    ],
    summary: 'EventSale {{ $labels.namespace }}/{{ $labels.sale }} opened late',
    description:
      'It opened {{ $value | humanizeDuration }} after spec.opensAt: it was held, or armed too late.',
    runbook: 'sale-opened-late',
    dashboard: 'operator',
  },
  {
    name: 'EventlyOperatorNoLeader',
    severity: 'page',
    conditions: [
      { measure: 'group by (name) (last_over_time(leader_election_master_status{job="operator"}[1h]))' },
      {
        join: 'unless',
        on: ['name'],
        measure: 'max by (name) (leader_election_master_status{job="operator"})',
        is: [['==', 1]],
      },
    ],
    for: '1m',
    summary: 'No operator leads',
    description:
      'Nobody holds the lease {{ $labels.name }}. Sales that are armed open without it; sales to come are not armed, and no pods are added for them.',
    runbook: 'operator-no-leader',
    dashboard: 'operator',
  },
  {
    name: 'EventlyInformerSilent',
    severity: 'page',
    conditions: [
      {
        measure: 'max by (job, instance, resource) (evently_operator_informer_age_seconds)',
        is: [['>', 90]],
      },
      {
        // Only the leader speaks of sales, so this is the leader's cache.
        on: ['job', 'instance'],
        measure: 'evently_sale_time_to_open_seconds',
        is: [
          ['<', 3_600],
          ['>', 0],
        ],
      },
    ],
    for: '30s',
    summary: 'The operator hears nothing of {{ $labels.resource }} before a sale',
    description:
      'The API server last said anything {{ $value | humanizeDuration }} ago; it says something each minute. The operator plans by what it saw then.',
    runbook: 'informer-silent',
    dashboard: 'operator',
  },
  {
    name: 'EventlyFloorContested',
    severity: 'ticket',
    conditions: [
      {
        measure: 'sum by (namespace, target) (increase(evently_floor_conflicts_total[10m]))',
        is: [['>=', 2]],
      },
    ],
    summary: 'Somebody else writes the floor of {{ $labels.namespace }}/{{ $labels.target }}',
    description:
      'The operator found minReplicas changed {{ $value | humanize }} times in ten minutes, and set it again each time.',
    runbook: 'floor-contested',
    dashboard: 'operator',
  },
];
