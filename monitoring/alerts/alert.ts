/** What an alert is here, and how it becomes a rule of Prometheus. */

export type Severity = 'page' | 'ticket';

/** Uid of the dashboard to look at first. */
export type DashboardName =
  'sale' | 'contention' | 'checkout' | 'async' | 'operator' | 'services' | 'runtime';

/** One thing that has to be so. The first of an alert gives its labels and its value. */
export type Condition = {
  /** `unless`: must not be so. The first condition has neither. */
  join?: 'and' | 'unless';
  /** Labels by which it belongs to the first condition; none joins whatever there is. */
  on?: readonly string[];
  /** An expression that returns data on a platform where nothing is wrong. */
  measure: string;
  /** Comparisons that it must pass, one after the other; none when to be there is enough. */
  is?: readonly Bound[];
  /** Why it may return nothing where nothing is wrong, as a drill of processes is. */
  mayBeEmpty?: string;
};
export type Comparison = '>' | '<' | '>=' | '<=' | '==' | '!=';
export type Bound = readonly [Comparison, number];

export type Alert = {
  /** CamelCase, as Prometheus' own mixins have it. */
  name: string;
  severity: Severity;
  conditions: readonly Condition[];
  /** How long it must be so; without it the first evaluation fires. */
  for?: string;
  /** How long it stays after it was so last, so that a scrape that failed does not end it. */
  keepFiringFor?: string;
  /** Labels of its own, beside severity. */
  labels?: Readonly<Record<string, string>>;
  summary: string;
  /** What is so, and what to think of it, for somebody who was woken up by it. */
  description: string;
  /** Page of docs/runbooks, without its ending. */
  runbook: string;
  dashboard: DashboardName;
};

export type RecordingRule = { record: string; expr: string; labels?: Record<string, string> };
export type AlertingRule = {
  alert: string;
  expr: string;
  for?: string;
  keep_firing_for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
};
export type RuleGroup = { name: string; interval: string; rules: (RecordingRule | AlertingRule)[] };

/** Where the links of the annotations begin. */
export type LinkBases = {
  /** The folder of the runbooks; relative to the project's root by default. */
  runbookBase: string;
  /** Grafana's address; relative to it by default. */
  dashboardBase: string;
};
export const usualBases: LinkBases = { runbookBase: 'docs/runbooks', dashboardBase: '' };

/** Four evaluations a minute: as often as the slowest scrape that the windows of a minute allow. */
export const evaluationInterval = '15s';

export function ruleOf(alert: Alert, bases: LinkBases): AlertingRule {
  return {
    alert: alert.name,
    expr: expressionOf(alert.conditions),
    ...(alert.for === undefined ? {} : { for: alert.for }),
    ...(alert.keepFiringFor === undefined ? {} : { keep_firing_for: alert.keepFiringFor }),
    labels: { severity: alert.severity, ...alert.labels },
    annotations: {
      summary: alert.summary,
      description: alert.description,
      runbook_url: `${bases.runbookBase}/${alert.runbook}.md`,
      dashboard: `${bases.dashboardBase}/d/evently-${alert.dashboard}`,
    },
  };
}

/** All conditions in one expression of PromQL, one to a line. */
export function expressionOf(conditions: readonly Condition[]): string {
  return conditions
    .map((condition, at) => {
      const bounded = [
        condition.measure,
        ...(condition.is ?? []).map(([how, bound]) => `${how} ${bound}`),
      ].join(' ');
      return at === 0
        ? bounded
        : `${condition.join ?? 'and'} on (${(condition.on ?? []).join(', ')}) (${bounded})`;
    })
    .join('\n');
}
