/** The cases of every alert as files for `promtool test rules`: what Prometheus has seen, and what it has to say to that. */
import { burnRateCases } from '../slo/burn-rate-cases.ts';
import { readObjectives } from '../slo/objectives.ts';
import { usualBases, ruleOf, type Alert } from './alert.ts';
import { allAlerts } from './all-alerts.ts';
import type { Case, CaseFile } from './cases/case.ts';
import { operatorCases } from './cases/operator.ts';
import { platformCases } from './cases/platform.ts';
import { saleCases } from './cases/sale.ts';

/** A file as promtool reads it; https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
export type PromtoolFile = {
  rule_files: string[];
  evaluation_interval: string;
  group_eval_order?: string[];
  tests: {
    name: string;
    interval: string;
    input_series: { series: string; values: string }[];
    alert_rule_test?: {
      eval_time: string;
      alertname: string;
      exp_alerts: ExpectedAlert[];
    }[];
    promql_expr_test?: {
      expr: string;
      eval_time: string;
      exp_samples: { labels: string; value: number }[];
    }[];
  }[];
};
type ExpectedAlert = { exp_labels: Record<string, string>; exp_annotations: Record<string, string> };

export const casesFolder = 'monitoring/alerts/tests';

/** All cases with the rules that they are about, by the name of their file. */
export function caseSets(): Readonly<Record<string, CaseFile>> {
  return {
    sale: { rules: 'monitoring/alerts/sale.rules.yaml', every: '15s', cases: saleCases },
    operator: { rules: 'monitoring/alerts/operator.rules.yaml', every: '15s', cases: operatorCases },
    platform: { rules: 'monitoring/alerts/platform.rules.yaml', every: '15s', cases: platformCases },
    ...burnRateCases(readObjectives()),
  };
}

/** Path from the project's root to content. */
export function caseFiles(): Record<string, PromtoolFile> {
  const alerts = allAlerts();
  return Object.fromEntries(
    Object.entries(caseSets()).map(([name, set]) => [
      `${casesFolder}/${name}.yaml`,
      promtoolFile(
        set,
        `../${set.rules.replace('monitoring/alerts/', '').replace('monitoring/', '../')}`,
        alerts,
      ),
    ]),
  );
}

/** `rules` is where the file of rules is, seen from this one. */
export function promtoolFile(
  { every, order, cases, values = [] }: Omit<CaseFile, 'rules'>,
  rules: string,
  alerts: readonly Alert[],
): PromtoolFile {
  const beginning = ({ series }: { series: Readonly<Record<string, string>> }) => ({
    interval: every,
    input_series: Object.entries(series).map(([name, samples]) => ({ series: name, values: samples })),
  });
  return {
    rule_files: [rules],
    evaluation_interval: every,
    ...(order === undefined ? {} : { group_eval_order: [...order] }),
    tests: [
      ...cases.map((one) => ({
        name: `${one.alert} ${one.fires.length > 0 ? 'fires' : 'is quiet'}: ${one.says}`,
        ...beginning(one),
        alert_rule_test: [
          { eval_time: one.at, alertname: one.alert, exp_alerts: expectedAlerts(one, alerts) },
        ],
      })),
      ...values.map((one) => ({
        name: one.says,
        ...beginning(one),
        promql_expr_test: [
          { expr: one.expr, eval_time: one.at, exp_samples: [{ labels: one.labels, value: one.value }] },
        ],
      })),
    ],
  };
}

function expectedAlerts({ alert: name, fires }: Case, alerts: readonly Alert[]): ExpectedAlert[] {
  return fires.map(({ labels, value }) => {
    const alert = alerts.find(
      (one) =>
        one.name === name && (one.labels?.['slo'] === undefined || one.labels['slo'] === labels['slo']),
    );
    if (alert === undefined) throw new Error(`a case is about ${name}, and there is no such alert`);
    const rule = ruleOf(alert, usualBases);
    const annotations = Object.entries(rule.annotations).map(
      ([key, template]) => [key, rendered(template, labels, value ?? '')] as const,
    );
    return { exp_labels: { ...rule.labels, ...labels }, exp_annotations: Object.fromEntries(annotations) };
  });
}

/** The template as Prometheus fills it in; `value` is the number as it is shown. */
function rendered(template: string, labels: Readonly<Record<string, string>>, value: string): string {
  return template
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '')
    .replaceAll(/\{\{ \$value(?: \| \w+)? \}\}/g, value);
}
