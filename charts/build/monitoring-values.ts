/** The values of the chart of what watches the platform, and the files that it ships: copies of those in `monitoring/`. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { globalValues } from './global-values.ts';
import { flag, group, leaf, text, words, type Fields } from './value-tree.ts';

const monitoringFolder = fileURLToPath(new URL('../../monitoring', import.meta.url));
const ruleEnding = '.rules.yaml';
const labelName = '^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$';
const addressOrNone = '^(https?://[^\\s]*[^\\s/])?$';
const namespaceOrNone = '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$';

const dashboards = filesIn('dashboards/json', '.json');
const rules = [...filesIn('alerts', ruleEnding), ...filesIn('slo', ruleEnding)];

/** Paths below `charts/`, and what stands in `monitoring/`; dashboards without their layout, which nobody reads in a cluster. */
export function monitoringFiles(): Record<string, string> {
  return Object.fromEntries([
    ...dashboards.map(({ name, at }): [string, string] => {
      const dashboard: unknown = JSON.parse(readFileSync(at, 'utf8'));
      return [`monitoring/files/dashboards/${name}`, `${JSON.stringify(dashboard)}\n`];
    }),
    ...rules.map(({ name, at }): [string, string] => [
      `monitoring/files/rules/${name}`,
      readFileSync(at, 'utf8'),
    ]),
  ]);
}

export const monitoringValues: Fields = {
  enabled: flag(
    "Whether the umbrella installs this chart. Its rules need the kinds of Prometheus' operator.",
    false,
  ),
  dashboards: group("Dashboards, each a ConfigMap that Grafana's sidecar finds.", {
    enabled: flag('Whether there are any.', true),
    namespace: text('Where they are made; empty is the namespace of the release.', '', namespaceOrNone),
    label: text('Label that the sidecar looks for.', 'grafana_dashboard', labelName),
    labelValue: text('Its value.', '1'),
    folder: text('Folder in Grafana; empty makes no annotation.', 'Evently'),
    folderAnnotation: text(
      'Annotation in which the sidecar is told the folder.',
      'grafana_folder',
      labelName,
    ),
    show: group(
      'Each by itself.',
      switches(
        dashboards.map(({ name }) => shortName(name, '.json')),
        'Dashboard',
      ),
    ),
  }),
  rules: group('Alerts and recording rules, each file a PrometheusRule.', {
    enabled: flag('Whether there are any.', true),
    namespace: text('Where they are made; empty is the namespace of the release.', '', namespaceOrNone),
    labels: words('Labels by which Prometheus selects its rules, beside global.monitoring.labels.'),
    runbookBase: text(
      'Address of the folder of runbooks, for the links of alerts; empty is docs/runbooks, as in the project.',
      '',
      addressOrNone,
    ),
    dashboardBase: text(
      "Grafana's address, for their links to dashboards; empty leaves the path alone.",
      '',
      addressOrNone,
    ),
    show: group(
      'Each by itself.',
      switches(
        rules.map(({ name }) => name.slice(0, -ruleEnding.length)),
        'Rules',
      ),
    ),
  }),
  extraObjects: leaf('Further objects of this release: YAML, or text that is a template.', [], {
    type: 'array',
    items: { type: ['object', 'string'] },
  }),
  global: globalValues,
};

function switches(names: readonly string[], what: string): Fields {
  return Object.fromEntries(names.map((name) => [name, flag(`${what} ${name}.`, true)]));
}

function shortName(file: string, ending: string): string {
  return file.slice(0, -ending.length).replace(/^evently-/, '');
}

function filesIn(folder: string, ending: string): { name: string; at: string }[] {
  return readdirSync(path.join(monitoringFolder, folder))
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => ({ name, at: path.join(monitoringFolder, folder, name) }));
}
