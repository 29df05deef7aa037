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
  expect(read(at)).toBe(text);
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

test('every value has a sentence, and no value has a secret in it', () => {
  const leaves = files.filter(([at]) => at.endsWith('values.yaml')).flatMap(([, text]) => text.split('\n'));
  expect(leaves.filter((line) => /password|secret-value|changeme|admin:/i.test(line))).toEqual([]);
  expect(leaves.filter((line) => /^\s*# -- .{0,5}$/.test(line))).toEqual([]);
});
