import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { charts, valueFiles } from '../../charts/build/chart-values.ts';
import { chartsFolder } from '../../charts/build/render.ts';
import { defaultsOf } from '../../charts/build/value-tree.ts';
import { crdYaml } from '@evently/operator/api/crd';

const read = (at: string): string => readFileSync(path.join(chartsFolder, at), 'utf8');
const files = Object.entries(valueFiles());

test.each(files)('charts/%s is what its description says: run "make charts"', (at, text) => {
  // A dashboard is one long line, which nobody would read twice.
  if (at.endsWith('.json')) expect(read(at) === text).toBe(true);
  else expect(read(at)).toBe(text);
});

test.each(Object.entries(charts))(
  'values.yaml of %s means the defaults that are described',
  (chart, fields) => {
    expect(parse(read(`${chart}/values.yaml`))).toEqual(defaultsOf(fields));
  },
);

test("the operator's chart brings the kind that k8s/operator brings", () => {
  expect(read('operator/files/crd.yaml')).toBe(crdYaml());
  expect(read('../k8s/operator/crd.yaml')).toBe(crdYaml());
});

/** Objects of a schema that say their members and allow others. */
function openObjects(schema: unknown, at: string): string[] {
  const node = z
    .looseObject({
      properties: z.record(z.string(), z.unknown()).optional(),
      additionalProperties: z.unknown().optional(),
    })
    .safeParse(schema).data;
  if (node?.properties === undefined) return [];
  const inside = Object.entries(node.properties).flatMap(([name, one]) => openObjects(one, `${at}.${name}`));
  return node.additionalProperties === false ? inside : [at, ...inside];
}

test.each(Object.keys(charts))('the schema of %s refuses every name that it does not know', (chart) => {
  expect(openObjects(JSON.parse(read(`${chart}/values.schema.json`)), chart)).toEqual([]);
  expect(openObjects({ properties: { a: { properties: {} } }, additionalProperties: false }, 'x')).toEqual([
    'x.a',
  ]);
});

const chartSchema = z.object({
  version: z.string(),
  appVersion: z.string().optional(),
  kubeVersion: z.literal('>=1.34.0-0'),
  dependencies: z.array(z.object({ version: z.string(), repository: z.string() })).default([]),
  annotations: z.record(z.string(), z.string()),
});
const imagesSchema = z.array(z.object({ name: z.string(), image: z.string() }));

test.each(['evently-common', ...Object.keys(charts)])(
  'Chart.yaml of %s names one version everywhere',
  (chart) => {
    const { version, appVersion, dependencies, annotations } = chartSchema.parse(
      parse(read(`${chart}/Chart.yaml`)),
    );
    expect(dependencies.filter((one) => one.version !== version)).toEqual([]);
    expect(dependencies.filter(({ repository }) => !/^file:\/\/\.\.\/[a-z-]+$/.test(repository))).toEqual([]);
    const images = imagesSchema.parse(parse(annotations['artifacthub.io/images'] ?? '[]'));
    for (const { name, image } of images) expect(image).toBe(`evently/${name}:${appVersion}`);
    expect(annotations['artifacthub.io/license']).toBe('Apache-2.0');
  },
);

test('every value has a sentence, and no value has a secret in it', () => {
  const leaves = files.filter(([at]) => at.endsWith('values.yaml')).flatMap(([, text]) => text.split('\n'));
  // A sentence may say where a password is.
  const values = leaves.filter((line) => !/^\s*#/.test(line));
  expect(values.length).toBeGreaterThan(500);
  expect(values.filter((line) => /password|secret-value|changeme|admin:/i.test(line))).toEqual([]);
  expect(leaves.filter((line) => /^\s*# -- .{0,5}$/.test(line))).toEqual([]);
});
