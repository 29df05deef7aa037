/** The files that Grafana reads when it starts, against the form that its documentation gives them (Administration, Provisioning). */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = path.join(import.meta.dirname, '..', '..');
const folder = 'monitoring/grafana/provisioning';
const read = (at: string): string => readFileSync(path.join(root, at), 'utf8');

const datasources = z.strictObject({
  apiVersion: z.literal(1),
  prune: z.boolean().optional(),
  deleteDatasources: z.array(z.strictObject({ name: z.string(), orgId: z.int() })).optional(),
  datasources: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        uid: z.string().regex(/^[A-Za-z0-9_-]{1,40}$/),
        type: z.literal('prometheus'),
        access: z.enum(['proxy', 'direct']),
        orgId: z.int(),
        url: z.string().min(1),
        isDefault: z.boolean(),
        editable: z.boolean(),
        jsonData: z.strictObject({
          httpMethod: z.enum(['POST', 'GET']),
          prometheusType: z.enum(['Prometheus', 'Mimir', 'Thanos', 'Cortex']),
          timeInterval: z.string(),
          manageAlerts: z.boolean(),
          exemplarTraceIdDestinations: z.array(
            z.strictObject({ name: z.string(), url: z.string(), urlDisplayLabel: z.string() }),
          ),
        }),
      }),
    )
    .min(1),
});
const providers = z.strictObject({
  apiVersion: z.literal(1),
  providers: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        orgId: z.int(),
        folder: z.string(),
        folderUid: z.string().max(40),
        type: z.literal('file'),
        disableDeletion: z.boolean(),
        allowUiUpdates: z.boolean(),
        updateIntervalSeconds: z.int().min(10),
        options: z.strictObject({ path: z.string(), foldersFromFilesStructure: z.boolean() }),
      }),
    )
    .min(1),
});

/** As Grafana fills in: names in braces first, then names without; two dollars are one that stays. */
function fillIn(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\{(\w+)\}|\$(\w+)/g, (found: string, braced?: string, bare?: string) =>
    found === '$$' ? '$' : (env[braced ?? bare ?? ''] ?? ''),
  );
}
const env = {
  PROMETHEUS_URL: 'http://127.0.0.1:9090',
  PROMETHEUS_INTERVAL: '5s',
  TRACES_URL: 'http://127.0.0.1:16686/trace',
  EVENTLY_MONITORING: path.join(root, 'monitoring'),
};

test('the data source has the form that Grafana documents, and a trace is found by the id in an exemplar', () => {
  const [source] = datasources.parse(parse(read(`${folder}/datasources/evently.yaml`))).datasources;
  expect(fillIn(source?.url ?? '', env)).toBe(env.PROMETHEUS_URL);
  const [trace] = source?.jsonData.exemplarTraceIdDestinations ?? [];
  expect(trace?.name).toBe('trace_id');
  expect(fillIn(trace?.url ?? '', env)).toBe(`${env.TRACES_URL}/\${__value.raw}`);
});

test('the provider of dashboards leads to the folder of the checked-in JSON', () => {
  const [provider] = providers.parse(parse(read(`${folder}/dashboards/evently.yaml`))).providers;
  const at = fillIn(provider?.options.path ?? '', env);
  expect(readdirSync(at).filter((name) => name.endsWith('.json')).length).toBeGreaterThanOrEqual(7);
});

test('Grafana finds no other folder than those that it knows, and no variable that nobody explains', () => {
  expect(readdirSync(path.join(root, folder)).toSorted()).toEqual(['dashboards', 'datasources']);
  const texts = ['datasources', 'dashboards']
    .map((name) => read(`${folder}/${name}/evently.yaml`))
    .join('\n');
  const used = [...texts.matchAll(/(?<!\$)\$\{?([A-Z_]+)/g)].map(([, name = '']) => name);
  const explained = read('monitoring/README.md');
  expect(used.filter((name) => !explained.includes(`${name}=`))).toEqual([]);
  expect(new Set(used)).toEqual(new Set(Object.keys(env)));
});

const dashboardFacts = z.looseObject({
  uid: z.string(),
  id: z.null().optional(),
  templating: z.looseObject({ list: z.array(z.looseObject({ name: z.string(), type: z.string() })) }),
});

test('no dashboard needs anything of the installation that it was made on', () => {
  const at = 'monitoring/dashboards/json';
  const names = readdirSync(path.join(root, at)).filter((name) => name.endsWith('.json'));
  const uids = names.map((name) => {
    const text = read(`${at}/${name}`);
    const dashboard = dashboardFacts.parse(JSON.parse(text));
    // What Grafana's export for others writes, and provisioning does not fill in.
    expect(text).not.toMatch(/__inputs|\$\{DS_/);
    expect(dashboard.templating.list.filter(({ type }) => type === 'datasource')).toHaveLength(1);
    return dashboard.uid;
  });
  expect(new Set(uids).size).toBe(uids.length);
});
