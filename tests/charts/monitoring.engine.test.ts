import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { monitoringFiles } from '../../charts/build/monitoring-values.ts';
import { chartsFolder, render } from '../../charts/build/render.ts';
import { find, helmWorld, renderObjects, type KubeObject } from './helm-world.ts';

const world = helmWorld();
// What the API server takes in one ConfigMap, and Helm in the Secret of a release.
const mebibyte = 1_048_576;
const read = (at: string): Promise<string> => readFile(path.join(chartsFolder, at), 'utf8');
const dataSchema = z.object({ data: z.record(z.string(), z.string()) });

function dashboardsOf(objects: readonly KubeObject[]): Map<string, string> {
  const configMaps = objects.filter(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.labels['grafana_dashboard'] === '1',
  );
  return new Map(configMaps.flatMap((one) => Object.entries(dataSchema.parse(one).data)));
}

test('the chart holds the dashboards and the rules of monitoring, and nothing that is no more', async () => {
  for (const [folder, ending] of [
    ['dashboards', '.json'],
    ['rules', '.rules.yaml'],
  ] as const) {
    const at = `monitoring/files/${folder}`;
    const committed = await readdir(path.join(chartsFolder, at));
    const expected = Object.keys(monitoringFiles()).filter((file) => file.startsWith(`${at}/`));
    expect(committed.map((name) => `${at}/${name}`).toSorted()).toEqual(expected.toSorted());
    expect(committed.every((name) => name.endsWith(ending))).toBe(true);
  }
});

test('each dashboard arrives as it is, in a ConfigMap that is far from its limit', async () => {
  const shipped = dashboardsOf(await renderObjects(world.copy(), { chart: 'monitoring' }));
  const lie = await readdir(path.join(chartsFolder, '../monitoring/dashboards/json'));
  const names = lie.filter((name) => name.endsWith('.json'));
  expect([...shipped.keys()].toSorted()).toEqual(names.toSorted());
  for (const [name, text] of shipped) {
    expect(JSON.parse(text)).toEqual(JSON.parse(await read(`../monitoring/dashboards/json/${name}`)));
    expect(Buffer.byteLength(text)).toBeLessThan(mebibyte / 2);
  }
});

test("each file of rules arrives as promtool has tested it: their templates are not Helm's", async () => {
  const objects = await renderObjects(world.copy(), { chart: 'monitoring' });
  const files = Object.entries(monitoringFiles()).filter(([at]) => at.includes('/rules/'));
  expect(objects.filter(({ kind }) => kind === 'PrometheusRule')).toHaveLength(files.length);
  for (const [at, text] of files) {
    const name = path.basename(at, '.rules.yaml');
    expect(find(objects, 'PrometheusRule', `evently-${name}`).spec).toEqual(parse(text));
  }
  expect(files.map(([, text]) => text).join('')).toContain('{{ $labels.');
});

test('a release with dashboards and rules fits into the Secret that Helm keeps it in', async () => {
  const values = ['values-production.yaml'];
  const manifest = await render(world.copy(), { values });
  const files = Object.values(monitoringFiles()).map((text) => Buffer.from(text).toString('base64'));
  // A release is the chart with its files in base64 and the manifest, compressed, then in base64 twice.
  const compressed = gzipSync(JSON.stringify({ manifest, files })).toString('base64');
  expect(Buffer.from(compressed).toString('base64').length).toBeLessThan(mebibyte * 0.75);
});

test('each dashboard and each file of rules has a switch, and none is there that switches nothing', async () => {
  const shows = z.object({
    dashboards: z.object({ show: z.record(z.string(), z.boolean()) }),
    rules: z.object({ show: z.record(z.string(), z.boolean()) }),
  });
  const values = shows.parse(parse(await read('monitoring/values.yaml')));
  const all = await renderObjects(world.copy(), { chart: 'monitoring' });
  for (const kind of ['dashboards', 'rules'] as const)
    for (const name of Object.keys(values[kind].show)) {
      const without = await renderObjects(world.copy(), {
        chart: 'monitoring',
        set: [`${kind}.show.${name}=false`],
      });
      expect([kind, name, all.length - without.length]).toEqual([kind, name, 1]);
    }
}, 120_000);

test('the umbrella leaves it out unless asked, and labels its rules as its monitors', async () => {
  const unasked = await renderObjects(world.copy());
  expect(dashboardsOf(unasked).size).toBe(0);
  expect(unasked.filter(({ kind }) => kind === 'PrometheusRule')).toEqual([]);
  const asked = await renderObjects(world.copy(), {
    set: [
      'monitoring.enabled=true',
      'global.monitoring.labels.release=mine',
      'monitoring.rules.labels.role=alerts',
    ],
  });
  const labels = asked.filter(({ kind }) => kind === 'PrometheusRule').map(({ metadata }) => metadata.labels);
  expect(labels.length).toBeGreaterThan(1);
  for (const one of labels) expect(one).toMatchObject({ release: 'mine', role: 'alerts' });
});
