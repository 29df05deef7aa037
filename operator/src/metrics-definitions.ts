/** Every metric of the operator's own work, as values: names, units, labels with what they may be, what each means. */
import { defineCounter, defineGauge, defineHistogram } from '@evently/kit/metrics-define';

const namespace = 'namespaces that the operator watches';
const target = 'autoscalers that EventSales name';
const saleLabels = { namespace, sale: 'EventSales there are, by name' } as const;
const targetLabels = { namespace, target } as const;
export type SaleLabelSets = typeof saleLabels;
export type TargetLabelSets = typeof targetLabels;

const warmSeconds = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const effectSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const stages = [
  'Scheduled',
  'Prewarming',
  'Armed',
  'Selling',
  'Held',
  'Stopped',
  'Draining',
  'Completed',
] as const;

export const operatorDefinitions = {
  lateness: defineGauge({
    name: 'evently_sale_open_lateness_seconds',
    help: 'How late a sale opened, in seconds; no series before it opened',
    labels: saleLabels,
  }),
  stage: defineGauge({
    name: 'evently_sale_stage',
    help: '1 for the stage that a sale is in; only the leader has series of sales',
    labels: { ...saleLabels, stage: stages },
  }),
  armed: defineGauge({
    name: 'evently_sale_armed_info',
    help: '1 when booking stores the window that the EventSale asks for, else 0',
    labels: saleLabels,
  }),
  timeToOpen: defineGauge({
    name: 'evently_sale_time_to_open_seconds',
    help: 'Seconds until a sale opens; negative once the time has passed, and no series once it is over',
    labels: saleLabels,
  }),
  floor: defineGauge({
    name: 'evently_operator_floor_pods',
    help: 'Least pods that the operator asks for, by target',
    labels: targetLabels,
  }),
  ready: defineGauge({
    name: 'evently_operator_ready_pods',
    help: 'Ready pods of a target',
    labels: targetLabels,
  }),
  shortfall: defineGauge({
    name: 'evently_operator_shortfall_pods',
    help: 'Pods missing to the floor of a target',
    labels: targetLabels,
  }),
  plannedPeak: defineGauge({
    name: 'evently_operator_planned_peak_pods',
    help: 'Highest floor of a target among the present one and those that are foreseen',
    labels: targetLabels,
  }),
  leadTime: defineGauge({
    name: 'evently_operator_lead_time_seconds',
    help: 'Time before an opening at which the floor of a target is raised, in seconds, as its pods were measured',
    labels: targetLabels,
  }),
  conflicts: defineCounter({
    name: 'evently_floor_conflicts_total',
    help: 'Times the floor was found changed by another writer',
    labels: targetLabels,
  }),
  warmed: defineHistogram({
    name: 'evently_operator_warm_seconds',
    help: 'Time a warming task took where it ran, in seconds',
    labels: { task: ['Inventory', 'Event', 'Search', 'Connections'], result: ['warm', 'failed'] },
    buckets: warmSeconds,
  }),
  effects: defineHistogram({
    name: 'evently_operator_effect_seconds',
    help: 'Time of a change outside the operator, in seconds, by kind and outcome',
    labels: {
      effect: [
        'add-finalizer',
        'remove-finalizer',
        'arm',
        'disarm',
        'warm-pod',
        'warm-service',
        'apply-floor',
        'apply-status',
      ],
      outcome: ['done', 'failed'],
    },
    buckets: effectSeconds,
  }),
  informerAge: defineGauge({
    name: 'evently_operator_informer_age_seconds',
    help: 'Seconds since the API server last said anything of a resource that is watched',
    labels: { resource: 'resources that are watched' },
  }),
  eventLoopLag: defineGauge({
    name: 'evently_operator_event_loop_lag_seconds',
    help: 'Longest wait for the event loop since the last scrape, in seconds',
    labels: {},
  }),
} as const;
