/**
 * The rules of Grafana's dashboard-linter (github.com/grafana/dashboard-linter), by their names there. Where that looks at some
 * kinds of panels only, these look at all.
 */
import { panelsOf, type DashboardModel, type PanelModel, type TargetModel } from './dashboard-model.ts';
import { readPromQl, type Reading } from './promql.ts';
import { isUnit } from './units.ts';

export type Finding = {
  rule: string;
  dashboard: string;
  /** Empty for a finding about the whole dashboard. */
  panel: string;
  /** The place of the query in the panel; null for a finding about the panel. */
  target: number | null;
  says: string;
};

type DashboardRule = (dashboard: DashboardModel) => string[];
type PanelRule = (panel: PanelModel) => string[];
type TargetRule = (target: TargetModel, reading: Reading) => string[];

// The window that stands for $__rate_interval while an expression is read; nobody writes it by hand.
const rateWindow = '11277964s';
const otherVariables = /\$\{?__(?:range|interval)\}?/g;
const onTimeRangeChange = 2;
const anything = '.+';

export const dashboardRules: Readonly<Record<string, DashboardRule>> = {
  'template-datasource-rule': ({ templating }) => {
    const sources = templating.list.filter(({ type }) => type === 'datasource');
    if (sources.length === 0) return ['has no variable for the data source'];
    return sources.flatMap(({ name, label, query }) => [
      ...(query === 'prometheus' ? [] : [`its data source is of ${query}, not of prometheus`]),
      ...(name === 'datasource' ? [] : [`its data source is called ${name}, not datasource`]),
      ...(label === 'Data source' ? [] : [`its data source is labelled ${label}, not Data source`]),
    ]);
  },
  'template-job-rule': (dashboard) => templateFaults(dashboard, 'job', 'Job'),
  'template-instance-rule': (dashboard) => templateFaults(dashboard, 'instance', 'Instance'),
  'template-label-promql-rule': ({ templating }) =>
    templating.list
      .filter(({ type }) => type === 'query')
      .flatMap(({ name, query }) => {
        const inner = /^(?:label_values|query_result)\((.+)\)$/s.exec(query)?.[1];
        if (inner === undefined) return [`variable ${name} asks by no function that Grafana has: ${query}`];
        const expr = query.startsWith('label_values') ? inner.replace(/, *\w+$/, '') : inner;
        return readPromQl(expr).faults.map((fault) => `variable ${name} ${fault}`);
      }),
  'template-on-time-change-reload-rule': ({ templating }) =>
    templating.list
      .filter(({ type, refresh }) => type === 'query' && refresh !== onTimeRangeChange)
      .map(({ name }) => `variable ${name} is not read again when the time range changes`),
  'template-unused-rule': (dashboard) => {
    const asked = panelsOf(dashboard).flatMap(({ targets }) => targets.map(({ expr }) => expr));
    return dashboard.templating.list
      .filter(({ type }) => type === 'query')
      .filter(({ name }) => !asked.some((expr) => new RegExp(`\\$\\{?${name}\\b`).test(expr)))
      .map(({ name }) => `variable ${name} is used in no panel`);
  },
  'uneditable-dashboard-rule': ({ editable }) =>
    editable ? ['can be edited, and the edit would be lost'] : [],
};

export const panelRules: Readonly<Record<string, PanelRule>> = {
  'panel-datasource-rule': ({ datasource, targets }) =>
    [datasource, ...targets.map((target) => target.datasource)]
      .filter((source) => source?.uid !== '${datasource}' || source.type !== 'prometheus')
      .map((source) => `does not use the chosen data source, but ${source?.uid ?? 'none'}`),
  'panel-title-description-rule': ({ title, description }) => [
    ...(title === '' ? ['has no title'] : []),
    ...(description === '' ? ['has no description'] : []),
  ],
  'panel-units-rule': ({ fieldConfig }) => {
    const overridden = (fieldConfig?.overrides ?? [])
      .flatMap(({ properties }) => properties)
      .filter(({ id }) => id === 'unit')
      .map(({ value }) => String(value));
    return [fieldConfig?.defaults.unit ?? '', ...overridden]
      .filter((unit) => !isUnit(unit))
      .map((unit) => `has a unit that Grafana does not know: "${unit}"`);
  },
  'panel-no-targets-rule': ({ targets }) => (targets.length === 0 ? ['asks nothing'] : []),
};

export const targetRules: Readonly<Record<string, TargetRule>> = {
  'target-promql-rule': (_target, { faults }) => [...faults],
  'target-rate-interval-rule': (_target, { selectors }) =>
    selectors
      .filter(({ range, within }) => range !== null && /^i?rate$/.test(within[0] ?? ''))
      .filter(({ range }) => range !== rateWindow)
      .map(({ metric, range }) => `the rate of ${metric} has the window ${range}, not $__rate_interval`),
  'target-job-rule': (_target, reading) => requiredMatcher(reading, 'job'),
  'target-instance-rule': (_target, reading) => requiredMatcher(reading, 'instance'),
  'target-counter-agg-rule': (_target, { selectors }) =>
    selectors
      .filter(({ metric }) => metric.endsWith('_total'))
      .filter(({ within, range }) => range === null || !/^(?:i?rate|increase)$/.test(within[0] ?? ''))
      .map(({ metric }) => `${metric} is a counter: ask for its rate or its increase`),
};

/** What all the rules find; the exclusions are not applied yet. */
export function findings(dashboard: DashboardModel): Finding[] {
  const at = (rule: string, panel: string, target: number | null, says: string): Finding => ({
    rule,
    dashboard: dashboard.title,
    panel,
    target,
    says,
  });
  return [
    ...Object.entries(dashboardRules).flatMap(([rule, check]) =>
      check(dashboard).map((says) => at(rule, '', null, says)),
    ),
    ...panelsOf(dashboard).flatMap((panel) => [
      ...Object.entries(panelRules).flatMap(([rule, check]) =>
        check(panel).map((says) => at(rule, panel.title, null, says)),
      ),
      ...panel.targets.flatMap((target, index) => {
        const reading = readTarget(target.expr);
        return Object.entries(targetRules).flatMap(([rule, check]) =>
          check(target, reading).map((says) => at(rule, panel.title, index, `${says}: ${target.expr}`)),
        );
      }),
    ]),
  ];
}

/** Reads an expression as Grafana sends it, with windows of its own. */
export function readTarget(expr: string): Reading {
  return readPromQl(expr.replaceAll('$__rate_interval', rateWindow).replaceAll(otherVariables, '1h'));
}

function templateFaults({ templating }: DashboardModel, name: string, label: string): string[] {
  const found = templating.list.find((variable) => variable.name === name);
  if (found === undefined) return [`has no variable ${name}`];
  return [
    ...(found.type === 'query' ? [] : [`variable ${name} is no query`]),
    ...(found.datasource?.uid === '${datasource}' ? [] : [`variable ${name} asks another data source`]),
    ...(found.label === label ? [] : [`variable ${name} is labelled ${found.label}, not ${label}`]),
    ...(found.multi ? [] : [`variable ${name} takes only one value`]),
    ...(found.includeAll ? [] : [`variable ${name} does not offer all`]),
    ...(found.allValue === anything
      ? []
      : [`variable ${name} has ${found.allValue ?? 'nothing'} for all, not .+`]),
  ];
}

function requiredMatcher({ selectors }: Reading, label: string): string[] {
  return selectors
    .filter(
      ({ matchers }) =>
        !matchers.some((one) => one.label === label && one.operator === '=~' && one.value === `$${label}`),
    )
    .map(({ metric }) => `${metric} has no matcher ${label}=~"$${label}"`);
}
