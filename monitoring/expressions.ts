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

/** Everything there is, and windows that hold a whole drill, also on a busy machine. */
export const everything: VariableValues = {
  job: '.+',
  instance: '.+',
  event: '.+',
  service: '.+',
  namespace: '.+',
  __rate_interval: '5m',
  __interval: '5s',
  __range: '15m',
  __range_s: '900',
};

export const dashboardsFolder = 'monitoring/dashboards/json';
export const ruleFolders = ['monitoring/alerts', 'monitoring/slo'] as const;

const root = path.join(import.meta.dirname, '..');
// Not `$1`, which is a group of a regular expression in label_replace.
const variable = /\$\{([a-z_]\w*)(?::\w+)?\}|\$([a-z_]\w*)/g;
// The expression in the query of a variable: `label_values(expression, label)` or `query_result(expression)`.
const variableQuery = /^(?:label_values\((.+), *\w+\)|query_result\((.+)\))$/;

const dashboardSchema = z.looseObject({
  panels: z.array(
    z.looseObject({
      title: z.string().default(''),
      targets: z.array(z.looseObject({ expr: z.string() })).default([]),
    }),
  ),
  templating: z.looseObject({
    list: z.array(z.looseObject({ name: z.string(), type: z.string(), query: z.string() })),
  }),
  annotations: z.looseObject({
    list: z.array(z.looseObject({ name: z.string(), expr: z.string().optional() })).default([]),
  }),
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

/** Of panels, of annotations, and of the variables that are read from Prometheus; `panel` says which. */
export function dashboardExpressions(values: VariableValues = everything): Expression[] {
  return filesIn(dashboardsFolder, '.json').flatMap((source) => {
    const dashboard = dashboardSchema.parse(JSON.parse(readFileSync(path.join(root, source), 'utf8')));
    const found = [
      ...dashboard.panels.flatMap(({ title, targets }) =>
        targets.map(({ expr }) => ({ panel: title, expr })),
      ),
      ...dashboard.annotations.list.flatMap(({ name, expr }) =>
        expr === undefined ? [] : [{ panel: `annotation ${name}`, expr }],
      ),
      ...dashboard.templating.list
        .filter(({ type }) => type === 'query')
        .map(({ name, query }) => ({ panel: `variable ${name}`, expr: expressionOf(query) })),
    ];
    return found.map(({ panel, expr }) => ({
      source,
      panel,
      expr: replaceVariables(expr, values),
      mayBeEmpty: emptinessOf(source, panel, expr),
    }));
  });
}

function expressionOf(query: string): string {
  const [, ofLabel, ofResult] = variableQuery.exec(query) ?? [];
  const expr = ofLabel ?? ofResult;
  if (expr === undefined) throw new Error(`"${query}" is neither label_values(...) nor query_result(...)`);
  return expr;
}

/** As written: the expressions of rules have no variables. */
export function ruleExpressions(): Expression[] {
  return ruleFolders.flatMap((folder) =>
    filesIn(folder, '.rules.yaml').flatMap((source) => {
      const { groups } = rulesSchema.parse(parse(readFileSync(path.join(root, source), 'utf8')));
      return groups.flatMap(({ rules }) =>
        rules.map(({ alert, record, expr }) => {
          const panel = alert ?? record ?? '';
          return { source, panel, expr, mayBeEmpty: emptinessOf(source, panel, expr) };
        }),
      );
    }),
  );
}

/** Fails on a variable that has no value: a query with a dollar in it finds nothing, and looks like no data. */
export function replaceVariables(expr: string, values: VariableValues): string {
  return expr.replaceAll(variable, (found: string, inBraces?: string, bare?: string) => {
    const value = values[inBraces ?? bare ?? ''];
    if (value === undefined)
      throw new Error(`${found} in "${expr}" has no value: give one to listExpressions`);
    return value;
  });
}

function filesIn(folder: string, ending: string): string[] {
  const names = readdirSync(path.join(root, folder)).filter((name) => name.endsWith(ending));
  return names.toSorted().map((name) => `${folder}/${name}`);
}
