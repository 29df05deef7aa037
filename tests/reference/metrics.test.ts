import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { filesLike, isTest } from '../tidy/tree.ts';
import { metricsFaults, readFamilies } from './compare-metrics.ts';
import { nameFault, unitOf } from './metric-names.ts';
import { metricSections } from './metrics-catalog.ts';
import { metricsPagePath, writeMetricsPage } from './metrics-page.ts';

const program = filesLike(
  /^(packages\/(?!testkit)|services\/|standalone\/|operator\/|cli\/).*\/src\/.*\.ts$|^(standalone|operator|cli)\/src\/.*\.ts$/,
).filter((file) => !isTest(file));
const definitions = metricSections().flatMap((section) => section.definitions);

test('the page of metrics says what is defined: "make metrics-reference" writes it', async () => {
  const page = await readFile(path.join(import.meta.dirname, '..', '..', metricsPagePath), 'utf8');
  expect(page).toBe(writeMetricsPage());
  expect(page).toContain('| `evently_booking_inventory_tickets` | gauge | tickets |');
  expect(page.match(/^\| `[a-z]/gm)?.length).toBeGreaterThan(90);
});

test('every metric that the code defines is on the page', () => {
  const defined = program.flatMap(({ text }) =>
    [...text.matchAll(/\bdefine(?:Counter|Gauge|Histogram)\(\{\s*name: '([^']+)'/g)].map(
      ([, name = '']) => name,
    ),
  );
  const calls = program
    .filter((file) => !file.path.endsWith('kit/src/metrics-define.ts'))
    .flatMap(({ text }) => [...text.matchAll(/\bdefine(?:Counter|Gauge|Histogram)\(/g)]);
  // Each call is seen, so that none hides behind a name that is put together.
  expect(defined).toHaveLength(calls.length);
  expect(defined.length).toBeGreaterThan(60);
  const documented = new Set(definitions.map(({ name }) => name));
  expect(defined.filter((name) => !documented.has(name))).toEqual([]);
});

test('metrics are made through the one module, which knows their labels', () => {
  const made = /\bnew (?:Counter|Gauge|Histogram|Summary)\b/;
  const places = program.filter(({ text }) => made.test(text)).map((file) => file.path);
  expect(places).toEqual(['packages/kit/src/metrics-define.ts']);
});

test('every metric is called by its unit, says what it is, and has labels that end', () => {
  expect(definitions.flatMap(({ name, type }) => nameFault(name, type) ?? [])).toEqual([]);
  expect(definitions.filter(({ help }) => help.length < 8 && !help.startsWith('Node'))).toEqual([]);
  for (const { name, labels, buckets, type } of definitions) {
    for (const values of Object.values(labels)) expect(values.length, name).toBeGreaterThan(0);
    expect(
      [...buckets].toSorted((a, b) => a - b),
      name,
    ).toEqual(buckets);
    if (type === 'histogram' && name !== 'nodejs_gc_duration_seconds')
      expect(buckets.length, name).toBeGreaterThan(4);
  }
  const names = definitions.map(({ name }) => name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test('a name without a unit, a counter that does not say so, and a foreign name are faults', () => {
  expect(nameFault('evently_coats_hung', 'gauge')).toContain('evently_<part>_<thing>_<unit>');
  expect(nameFault('evently_coats_taken_items', 'counter')).toContain('_total');
  expect(nameFault('evently_coats_taken_total', 'gauge')).toContain('_total');
  expect(nameFault('coats_wait_seconds', 'histogram')).not.toBeNull();
  expect(nameFault('evently_coats_wait_seconds', 'histogram')).toBeNull();
  expect(unitOf('evently_coats_wait_seconds')).toBe('seconds');
});

test('an undocumented metric, label or value of a process is a fault, and a missing metric too', () => {
  const text = [
    '# HELP evently_standalone_postgres_ends_total Ends',
    '# TYPE evently_standalone_postgres_ends_total gauge',
    'evently_standalone_postgres_ends_total{why="cold"} 1',
    '# TYPE evently_coats_items gauge',
    'evently_coats_items 3',
    '# TYPE evently_db_pool_connections_items gauge',
    'evently_db_pool_connections_items{service="user",pool="own",state="lost"} 3',
    '',
  ].join('\n');
  const faults = metricsFaults(text, 'standalone');
  expect(faults).toContain('evently_coats_items of standalone is not documented');
  expect(faults).toContain('evently_standalone_postgres_ends_total is a gauge, documented as a counter');
  expect(faults).toContain(
    'evently_standalone_postgres_ends_total has the label why, which is not documented',
  );
  expect(faults).toContain('evently_db_pool_connections_items has state="lost", which is not documented');
  expect(faults).toContain('evently_build_info is documented of standalone, which does not have it');
  expect(() => readFamilies('evently_coats_items 3\n')).toThrow('without a type');
});
