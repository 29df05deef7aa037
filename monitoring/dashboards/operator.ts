/** The dashboard of the operator: whether the platform is ready for the sales that come, and whether the operator itself is well. */
import { work } from './operator-work.ts';
import { noneIsRight, rising, type Dashboard, type Row } from './panel.ts';
import { maxBy, rateBy, series, sumBy } from './queries.ts';

// Numbers for the stages of a sale, so that one line of a panel can show them; in the order in which they come.
const stages = ['Scheduled', 'Prewarming', 'Armed', 'Selling', 'Held', 'Stopped', 'Draining', 'Completed'];
const stageColours = ['gray', 'blue', 'yellow', 'green', 'orange', 'red', 'purple', 'text'] as const;
const stageNumber = stages
  .map((stage, index) => `${series('evently_sale_stage', `stage="${stage}"`)} * ${index + 1}`)
  .join(' or ');

const readiness: Row = {
  title: 'Is the platform ready for the next sale?',
  panels: [
    {
      kind: 'figure',
      title: 'Leader',
      means: 'Processes of the operator that hold the lease. One is right.',
      act: 'None for a minute: no floor is raised and no sale is armed; windows that are armed open all the same. Two: ask for the lease.',
      unit: 'locale',
      noData: 'No operator here',
      width: 3,
      height: 4,
      queries: [{ expr: `sum(${series('leader_election_master_status')})`, legend: 'leaders' }],
      steps: [
        { from: null, colour: 'red' },
        { from: 1, colour: 'green' },
        { from: 2, colour: 'red' },
      ],
    },
    {
      kind: 'figure',
      title: 'Next sale opens in',
      means: "Time to the next opening of an EventSale, by the operator's clock.",
      act: 'Below ten minutes, everything to the right must be green.',
      unit: 'dthms',
      noData: 'No sale is coming',
      width: 4,
      height: 4,
      queries: [{ expr: `min(${series('evently_sale_time_to_open_seconds')} > 0)`, legend: 'next' }],
    },
    {
      kind: 'figure',
      title: 'Not armed',
      means: 'EventSales whose window booking does not have as it was asked for.',
      act: 'Any within ten minutes of its opening: look at its conditions (kubectl describe eventsale), then at the calls to booking below.',
      unit: 'locale',
      noData: 'No EventSale',
      width: 3,
      height: 4,
      queries: [
        {
          expr: `count(${maxBy('namespace, sale', series('evently_sale_armed_info'))} == 0) or count(${series('evently_sale_armed_info')}) * 0`,
          legend: 'not armed',
        },
      ],
      steps: noneIsRight,
    },
    {
      kind: 'figure',
      title: 'Pods short',
      means: 'Pods that are missing to the floors, all targets together.',
      act: 'Red a quarter of an hour before an opening: pending pods, images that are not pulled, nodes that do not come.',
      unit: 'locale',
      noData: 'No target',
      width: 3,
      height: 4,
      queries: [
        {
          expr: sumBy('', maxBy('namespace, target', series('evently_operator_shortfall_pods'))),
          legend: 'short',
        },
      ],
      steps: noneIsRight,
    },
    {
      kind: 'figure',
      title: 'Opened late by',
      means: 'The latest opening of the sales that are known.',
      act: 'Above a second: see the log of booking at that opening.',
      unit: 's',
      noData: 'Nothing has opened',
      width: 3,
      height: 4,
      queries: [{ expr: maxBy('', series('evently_sale_open_lateness_seconds')), legend: 'late' }],
      steps: rising(1, 5),
    },
    {
      kind: 'figure',
      title: 'Failed reconciles per second',
      means: 'Reconciles that ended with an error and are tried again.',
      act: 'Any that last: the log of the operator has the error, the EventSale a condition.',
      unit: 'short',
      noData: 'No operator here',
      width: 4,
      height: 4,
      decimals: 2,
      queries: [{ expr: rateBy('', 'controller_runtime_reconcile_errors_total'), legend: 'failed' }],
      steps: rising(0.01, 0.1),
    },
    {
      kind: 'figure',
      title: 'API server silent for',
      means: 'The longest time that the API server has said nothing of a resource that is watched.',
      act: 'Above ninety seconds with a sale near: the operator works from an old picture. See its calls below.',
      unit: 's',
      noData: 'No operator here',
      width: 4,
      height: 4,
      queries: [{ expr: maxBy('', series('evently_operator_informer_age_seconds')), legend: 'silent' }],
      steps: rising(60, 90),
    },
  ],
};

const salesAndPods: Row = {
  title: 'Sales and their pods',
  panels: [
    {
      kind: 'states',
      title: 'Stages of the sales',
      means: 'The stage of each EventSale over time.',
      act: 'Held or Stopped was asked for by somebody. Prewarming at the opening: what was to be warm is not.',
      unit: 'none',
      noData: 'No EventSale',
      width: 12,
      height: 8,
      queries: [{ expr: maxBy('namespace, sale', stageNumber), legend: '{{namespace}}/{{sale}}' }],
      words: Object.fromEntries(
        stages.map((stage, index) => [index + 1, { text: stage, colour: stageColours[index] ?? 'text' }]),
      ),
    },
    {
      kind: 'curves',
      title: 'Time to the opening',
      means: 'Seconds until each sale opens; below zero it is open.',
      act: 'A line that does not fall steadily: the time of the sale was changed.',
      unit: 'dthms',
      noData: 'No sale is coming',
      width: 12,
      height: 8,
      queries: [
        {
          expr: maxBy('namespace, sale', series('evently_sale_time_to_open_seconds')),
          legend: '{{namespace}}/{{sale}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Floor and ready pods, by target',
      means: 'The least pods that the operator asks for, and those that are ready.',
      act: 'Ready must cross the floor before the opening. Look at the pods that are not ready.',
      unit: 'short',
      noData: 'No target',
      width: 12,
      height: 8,
      min: 0,
      decimals: 0,
      queries: [
        {
          expr: maxBy('namespace, target', series('evently_operator_floor_pods')),
          legend: '{{namespace}}/{{target}} floor',
        },
        {
          expr: maxBy('namespace, target', series('evently_operator_ready_pods')),
          legend: '{{namespace}}/{{target}} ready',
        },
        {
          expr: maxBy('namespace, target', series('evently_operator_planned_peak_pods')),
          legend: '{{namespace}}/{{target}} planned peak',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Pods missing to the floor, by target',
      means: 'The floor less the ready pods, and never below zero.',
      act: 'It must be zero a quarter of an hour before an opening.',
      unit: 'short',
      noData: 'No target',
      width: 6,
      height: 8,
      min: 0,
      decimals: 0,
      queries: [
        {
          expr: maxBy('namespace, target', series('evently_operator_shortfall_pods')),
          legend: '{{namespace}}/{{target}}',
        },
      ],
      steps: noneIsRight,
    },
    {
      kind: 'curves',
      title: 'Floor changed by another, per second',
      means: 'Times the operator found its floor changed by another writer.',
      act: 'Two who pull: find the other (managedFields of the autoscaler names it) and end that.',
      unit: 'short',
      noData: 'Nobody changed it',
      width: 6,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('namespace, target', 'evently_floor_conflicts_total'),
          legend: '{{namespace}}/{{target}}',
        },
      ],
    },
  ],
};

export const operator: Dashboard = {
  uid: 'evently-operator',
  title: 'Evently / Operator',
  answers:
    'Is the platform ready for the next sale: armed, warm, with enough pods? Is the operator itself well?',
  tags: ['operator', 'kubernetes'],
  refresh: '10s',
  from: 'now-3h',
  choices: [],
  offeredBy: 'leader_election_master_status',
  rows: [readiness, salesAndPods, ...work],
};
