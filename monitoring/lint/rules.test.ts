/** Each rule finds what it is there for, in a dashboard that keeps all of them but for one change. */
import { expect, test } from 'vitest';
import {
  parseDashboard,
  type DashboardModel,
  type PanelModel,
  type VariableModel,
} from './dashboard-model.ts';
import { isExcluded, parseExclusions } from './exclusions.ts';
import { dashboardRules, findings, panelRules, targetRules } from './grafana-rules.ts';
import { houseFaults } from './house-rules.ts';

const source = { type: 'prometheus', uid: '${datasource}' };
const own = 'job=~"$job", instance=~"$instance"';
const several = (name: string, label: string): VariableModel => ({
  name,
  label,
  type: 'query',
  query: 'label_values(up, job)',
  multi: true,
  includeAll: true,
  allValue: '.+',
  refresh: 2,
  datasource: source,
});

const rightPanel: PanelModel = {
  id: 101,
  type: 'timeseries',
  title: 'Requests',
  description: 'How many requests were answered.\n\n**What to do:** Nothing at all.',
  gridPos: { x: 0, y: 1, w: 24, h: 8 },
  datasource: source,
  targets: [
    {
      refId: 'A',
      expr: `sum(rate(a_total{${own}}[$__rate_interval]))`,
      legendFormat: 'all',
      datasource: source,
      format: 'time_series',
      instant: false,
      range: true,
      exemplar: false,
    },
  ],
  fieldConfig: {
    defaults: {
      unit: 'reqps',
      noValue: 'No requests',
      thresholds: { mode: 'absolute', steps: [{ value: null, color: 'green' }] },
    },
    overrides: [],
  },
};

const right: DashboardModel = {
  uid: 'evently-right',
  title: 'Right',
  description: 'It answers whether everything in it is as it should be.',
  tags: ['evently'],
  schemaVersion: 42,
  editable: false,
  refresh: '10s',
  time: { from: 'now-1h', to: 'now' },
  links: [{ type: 'dashboards', tags: ['evently'], includeVars: true }],
  annotations: { list: [] },
  templating: {
    list: [
      {
        name: 'datasource',
        label: 'Data source',
        type: 'datasource',
        query: 'prometheus',
        multi: false,
        includeAll: false,
      },
      several('job', 'Job'),
      several('instance', 'Instance'),
    ],
  },
  panels: [
    {
      id: 100,
      type: 'row',
      title: 'All',
      description: '',
      gridPos: { x: 0, y: 0, w: 24, h: 1 },
      targets: [],
    },
    rightPanel,
  ],
};

const withPanel = (change: Partial<PanelModel>): DashboardModel => ({
  ...right,
  panels: [...right.panels.slice(0, 1), { ...rightPanel, ...change }],
});
const asking = (expr: string, change: Partial<PanelModel['targets'][number]> = {}): DashboardModel =>
  withPanel({ targets: rightPanel.targets.map((target) => ({ ...target, expr, ...change })) });
const withVariable = (name: string, change: Partial<VariableModel> | null): DashboardModel => ({
  ...right,
  templating: {
    list: right.templating.list.flatMap((one) =>
      one.name !== name ? [one] : change === null ? [] : [{ ...one, ...change }],
    ),
  },
});

const broken: readonly [string, DashboardModel][] = [
  ['template-datasource-rule', withVariable('datasource', null)],
  ['template-datasource-rule', withVariable('datasource', { name: 'source' })],
  ['template-job-rule', withVariable('job', null)],
  ['template-job-rule', withVariable('job', { multi: false })],
  ['template-job-rule', withVariable('job', { allValue: '.*' })],
  ['template-instance-rule', withVariable('instance', { label: 'Pod' })],
  ['template-label-promql-rule', withVariable('job', { query: 'label_values(up{, job)' })],
  ['template-label-promql-rule', withVariable('job', { query: 'values_of(up)' })],
  ['template-on-time-change-reload-rule', withVariable('job', { refresh: 1 })],
  ['template-unused-rule', withVariable('instance', { name: 'nobody' })],
  ['uneditable-dashboard-rule', { ...right, editable: true }],
  ['panel-datasource-rule', withPanel({ datasource: { type: 'prometheus', uid: 'mine' } })],
  ['panel-datasource-rule', asking(`up{${own}}`, { datasource: { type: 'loki', uid: '${datasource}' } })],
  ['panel-title-description-rule', withPanel({ title: '' })],
  ['panel-title-description-rule', withPanel({ description: '' })],
  ['panel-units-rule', withPanel({ fieldConfig: { defaults: { unit: 'seconds' }, overrides: [] } })],
  ['panel-units-rule', withPanel({ fieldConfig: { defaults: {}, overrides: [] } })],
  [
    'panel-units-rule',
    withPanel({
      fieldConfig: { defaults: { unit: 's' }, overrides: [{ properties: [{ id: 'unit', value: 'sec' }] }] },
    }),
  ],
  ['panel-no-targets-rule', withPanel({ targets: [] })],
  ['target-promql-rule', asking(`sum(rate(a_total{${own}}[$__rate_interval])`)],
  ['target-rate-interval-rule', asking(`sum(rate(a_total{${own}}[5m]))`)],
  ['target-rate-interval-rule', asking(`sum(rate(a_total{${own}}[$__interval]))`)],
  ['target-job-rule', asking('up{instance=~"$instance"}')],
  ['target-job-rule', asking('up{job="booking", instance=~"$instance"}')],
  ['target-instance-rule', asking(`up{${own}} / up{job=~"$job"}`)],
  ['target-counter-agg-rule', asking(`sum(a_total{${own}})`)],
  ['target-counter-agg-rule', asking(`sum(delta(a_total{${own}}[$__rate_interval]))`)],
];

test('what keeps all rules is found right', () => {
  expect(findings(right)).toEqual([]);
  expect(houseFaults(right)).toEqual([]);
});

test.each(broken)('%s is broken by change %#', (rule, dashboard) => {
  expect(findings(dashboard).map((finding) => finding.rule)).toContain(rule);
});

test('every rule was seen to find something', () => {
  const seen = new Set(broken.map(([rule]) => rule));
  const rules = [dashboardRules, panelRules, targetRules].flatMap((one) => Object.keys(one));
  expect(rules.filter((rule) => !seen.has(rule))).toEqual([]);
});

test.each<[string, DashboardModel]>([
  ['the tag that links', { ...right, tags: [] }],
  ['no links', { ...right, links: [] }],
  ['what it answers', { ...right, description: 'All.' }],
  ['two panels have the id', withPanel({ id: 100 })],
  ['overlaps', withPanel({ gridPos: { x: 0, y: 0, w: 24, h: 8 } })],
  ['leaves the grid', withPanel({ gridPos: { x: 4, y: 1, w: 24, h: 8 } })],
  ['cells are empty', withPanel({ gridPos: { x: 0, y: 1, w: 20, h: 8 } })],
  [
    'room for',
    withPanel({ title: 'How many requests a second all of the services answered in all'.repeat(4) }),
  ],
  ['what to do', withPanel({ description: 'How many requests were answered.' })],
  ['says nothing', withPanel({ fieldConfig: { defaults: { unit: 's' }, overrides: [] } })],
  ['no legend', asking(`sum(rate(a_total{${own}}[$__rate_interval]))`, { legendFormat: '' })],
  ['no exemplars', asking(`sum by (le) (rate(a_seconds_bucket{${own}}[$__rate_interval]))`)],
  ['of one instant', asking(`max(up{${own}})`, { instant: true, range: false })],
  ['sum its rates', asking(`max(rate(a_total{${own}}[$__rate_interval]))`)],
  ['take the max', asking(`sum(evently_booking_inventory_tickets{${own}})`)],
])('the house finds: %s', (fault, dashboard) => {
  expect(houseFaults(dashboard).join('\n')).toContain(fault);
});

test('steps that do not rise are found', () => {
  const steps = [null, 5, 1].map((value) => ({ value, color: 'red' }));
  const fieldConfig = {
    defaults: { unit: 's', noValue: 'None', thresholds: { mode: 'absolute', steps } },
    overrides: [],
  };
  expect(houseFaults(withPanel({ fieldConfig })).join()).toContain('steps do not rise');
});

test('an exclusion is for one rule, dashboard and panel, and needs a reason', () => {
  const text = (reason: string): string =>
    JSON.stringify({
      exclusions: {
        'target-job-rule': {
          reason: 'Recording rules add up all jobs.',
          entries: [{ dashboard: 'Right', panel: 'Requests', reason }],
        },
      },
    });
  const [exclusion] = parseExclusions(text('The recorded series has no job.'));
  const finding = findings(asking('up{instance=~"$instance"}')).find(
    ({ rule }) => rule === 'target-job-rule',
  );
  if (exclusion === undefined || finding === undefined) throw new Error('nothing was found');
  expect(isExcluded(finding, exclusion)).toBe(true);
  expect(isExcluded({ ...finding, rule: 'target-instance-rule' }, exclusion)).toBe(false);
  expect(isExcluded({ ...finding, panel: 'Others' }, exclusion)).toBe(false);
  expect(() => parseExclusions(text('because'))).toThrow(/reason/);
});

test('a file of another form is refused, and not read as empty', () => {
  expect(() => parseDashboard('{"title": "v2", "elements": {}}')).toThrow(/panels/);
});
