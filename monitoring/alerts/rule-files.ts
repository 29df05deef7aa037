/** All rules of Prometheus, as files for a plain Prometheus and as objects for whoever packs them otherwise. */
import { stringify } from 'yaml';
import { budgetRules, recordingRules } from '../slo/burn-rates.ts';
import { readObjectives, type Objectives } from '../slo/objectives.ts';
import { evaluationInterval, ruleOf, usualBases, type LinkBases, type RuleGroup } from './alert.ts';
import { alertsByFile, allAlerts } from './all-alerts.ts';
import { caseFiles } from './case-files.ts';
import { operatorAlerts } from './operator.ts';

export type RuleFile = { path: string; groups: RuleGroup[] };
/** An expression whose value an alert judges, without the bound: it returns data where nothing is wrong. */
export type Measure = {
  alert: string;
  expr: string;
  /** Why it may return nothing all the same; null when that would be a fault. */
  mayBeEmpty: string | null;
};

/** The groups of each file; with other bases for the links of the annotations where these are given. */
export function ruleFileGroups(
  objectives: Objectives = readObjectives(),
  bases: Partial<LinkBases> = {},
): RuleFile[] {
  const links = { ...usualBases, ...bases };
  return Object.entries(alertsByFile(objectives)).map(([path, alerts]) => {
    const name = `evently-${/([a-z]+)\.rules\.yaml$/.exec(path)?.[1] ?? ''}`;
    const group = { name, interval: evaluationInterval, rules: alerts.map((alert) => ruleOf(alert, links)) };
    if (name !== 'evently-slo') return { path, groups: [group] };
    // What moves slowly is looked at less often, because its windows are long to read.
    const records = {
      name: `${name}-records`,
      interval: '30s',
      rules: [...recordingRules(objectives), ...budgetRules(objectives)],
    };
    return { path, groups: [records, { ...group, interval: '30s' }] };
  });
}

/** All groups as plain objects, for a PrometheusRule. */
export function ruleGroups(bases: Partial<LinkBases> = {}): RuleGroup[] {
  return ruleFileGroups(readObjectives(), bases).flatMap(({ groups }) => groups);
}

/** What the alerts judge, one for each of their conditions. */
export function measures(): Measure[] {
  const ofOperator = new Set(operatorAlerts);
  return allAlerts().flatMap((alert) =>
    alert.conditions.map(({ measure, mayBeEmpty }) => ({
      alert: alert.name,
      expr: measure,
      mayBeEmpty: mayBeEmpty ?? (ofOperator.has(alert) ? 'the operator runs on Kubernetes only' : null),
    })),
  );
}

/** Path from the project's root to text: the rules, and promtool's tests of them. */
export function ruleFiles(bases: Partial<LinkBases> = {}): Record<string, string> {
  const files = ruleFileGroups(readObjectives(), bases);
  return {
    ...Object.fromEntries(files.map(({ path, groups }) => [path, rulesYaml(groups)])),
    ...Object.fromEntries(Object.entries(caseFiles()).map(([path, file]) => [path, yamlOf(file)])),
  };
}

export function rulesYaml(groups: readonly RuleGroup[]): string {
  return yamlOf({ groups });
}

const made = '# Made by `make monitoring` from monitoring/alerts and monitoring/slo. Change it there.\n';
const longestLine = 0;

function yamlOf(content: unknown): string {
  // Lines are not folded: an expression stays as it can be pasted into Prometheus.
  return made + stringify(content, { lineWidth: longestLine, aliasDuplicateObjects: false });
}
