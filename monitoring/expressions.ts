/** Every expression of the dashboards, alerts and recording rules, with its variables replaced, so that a real Prometheus can be asked. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { emptinessOf } from './may-be-empty.ts';

/** `source` is a file's path from the root; `panel` the title of a panel, or the name of an alert or recording rule. */
export type Expression = {
  source: string;
  panel: string;
  expr: string;
  /** Why an empty answer of a healthy platform is right; null when it would be a fault. */
  mayBeEmpty: string | null;
};

/** What stands for each variable of a dashboard, without the dollar; regular expressions where they stand in matchers. */
export type VariableValues = Readonly<Record<string, string>>;

/** Everything there is, and windows that a drill of a minute fills. */
export const everything: VariableValues = {
  job: '.+',
  instance: '.+',
  event: '.+',
  service: '.+',
  namespace: '.+',
  __rate_interval: '30s',
  __interval: '5s',
  __range: '5m',
  __range_s: '300',
};

export const dashboardsFolder = 'monitoring/dashboards/json';
export const ruleFolders = ['monitoring/alerts', 'monitoring/slo'] as const;

const root = path.join(import.meta.dirname, '..');
const variable = /\$\{(\w+)(?::\w+)?\}|\$(\w+)/g;

const dashboardSchema = z.looseObject({
  panels: z.array(
    z.looseObject({
      title: z.string().default(''),
      targets: z.array(z.looseObject({ expr: z.string() })).default([]),
    }),
  ),
});
const rulesSchema = z.looseObject({
  groups: z.array(
    z.looseObject({
      rules: z.array(
        z.looseObject({
          alert: z.string().optional(),
          record: z.string().optional(),
          expr: z.coerce.string(),
        }),
      ),
    }),
  ),
});

/** Dashboards first, then rules; in order of their files. */
export function listExpressions(values: VariableValues = everything): Expression[] {
  return [...dashboardExpressions(values), ...ruleExpressions()];
}

export function dashboardExpressions(values: VariableValues = everything): Expression[] {
  return filesIn(dashboardsFolder, '.json').flatMap((source) => {
    const { panels } = dashboardSchema.parse(JSON.parse(readFileSync(path.join(root, source), 'utf8')));
    return panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({
        source,
        panel: title,
        expr: replaceVariables(expr, values),
        mayBeEmpty: emptinessOf(source, title),
      })),
    );
  });
}

/** Files of rules are those with `groups`; tests for promtool lie beside them and have none at the top. */
export function ruleExpressions(): Expression[] {
  return ruleFolders.flatMap((folder) =>
    [...filesIn(folder, '.yaml'), ...filesIn(folder, '.yml')].flatMap((source) => {
      const rules = rulesSchema.safeParse(parse(readFileSync(path.join(root, source), 'utf8')));
      if (!rules.success) return [];
      return rules.data.groups.flatMap((group) =>
        group.rules.map(({ alert, record, expr }) => {
          const panel = alert ?? record ?? '';
          return { source, panel, expr, mayBeEmpty: emptinessOf(source, panel) };
        }),
      );
    }),
  );
}

/** Fails on a variable that has no value: a query with a dollar in it finds nothing, and looks like no data. */
export function replaceVariables(expr: string, values: VariableValues): string {
  return expr.replaceAll(variable, (found: string, inBraces?: string, bare?: string) => {
    const value = values[inBraces ?? bare ?? ''];
    if (value === undefined) throw new Error(`${found} in "${expr}" has no value: give one to listExpressions`);
    return value;
  });
}

function filesIn(folder: string, ending: string): string[] {
  const names = readdirSync(path.join(root, folder)).filter((name) => name.endsWith(ending));
  return names.toSorted().map((name) => `${folder}/${name}`);
}
