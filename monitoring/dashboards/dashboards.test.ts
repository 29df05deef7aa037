import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { panelsOf, parseDashboard } from '../lint/dashboard-model.ts';
import { isExcluded, parseExclusions } from '../lint/exclusions.ts';
import { findings } from '../lint/grafana-rules.ts';
import { houseFaults } from '../lint/house-rules.ts';
import { dashboards } from './dashboard-files.ts';

const folder = path.join(import.meta.dirname, 'json');
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const models = names.map((name) => ({ name, model: parseDashboard(read(name)) }));
const exclusions = parseExclusions(read('.lint'));
const found = models.flatMap(({ model }) => findings(model));

// A browser on a screen of 1080 lines shows so many of the grid's rows, of 38 pixels, below Grafana's own bars.
const firstScreenRows = 21;

test('there are the seven, each in the file of its uid', () => {
  expect(models.map(({ name, model }) => name === `${model.uid}.json`)).not.toContain(false);
  expect(models.map(({ model }) => model.uid).toSorted()).toEqual(
    ['async', 'checkout', 'contention', 'operator', 'runtime', 'sale', 'services'].map(
      (one) => `evently-${one}`,
    ),
  );
});

test("they keep the rules of Grafana's linter, but for what is excluded", () => {
  const faults = found.filter((finding) => !exclusions.some((one) => isExcluded(finding, one)));
  expect(
    faults.map(({ rule, dashboard, panel, says }) => `${rule}: ${dashboard}, "${panel}": ${says}`),
  ).toEqual([]);
});

test.each(exclusions)('the exclusion of $panel from $rule is needed', (exclusion) => {
  expect(found.some((finding) => isExcluded(finding, exclusion))).toBe(true);
});

describe.each(models)('$name', ({ model }) => {
  test('keeps the rules of the house', () => {
    expect(houseFaults(model)).toEqual([]);
  });

  test('is in the classic form, which Grafana takes from files', () => {
    expect(model.schemaVersion).toBeGreaterThanOrEqual(39);
    expect(Object.keys(model)).not.toContain('elements');
  });
});

test('the first screen of a sale answers whether it goes well, without scrolling', () => {
  const sale = models.find(({ model }) => model.uid === 'evently-sale')?.model;
  const [first, second] = (sale?.panels ?? []).filter(({ type }) => type === 'row');
  expect(first?.title).toBe('Is this sale going well?');
  expect(second?.gridPos.y).toBeLessThanOrEqual(firstScreenRows);
  const titles = panelsOf(sale ?? parseDashboard(''))
    .filter(({ gridPos }) => gridPos.y < 5)
    .map(({ title }) => title);
  expect(titles).toEqual(
    expect.arrayContaining(['Opens in', 'Left', 'Sold per second', 'Sold out in', 'Oversold']),
  );
});

test('a click on a sale, and a link of an alert, lead to a dashboard that there is', () => {
  const uids = dashboards.map(({ uid }) => uid);
  const linked = names.flatMap((name) => [...read(name).matchAll(/\/d\/([\w-]+)/g)].map(([, uid]) => uid));
  expect(linked.length).toBeGreaterThan(0);
  for (const uid of linked) expect(uids).toContain(uid);
});

/** As Grafana writes an answer of query_result: labels in their order, the value, the time. */
const asAnswered = (event: string, name: string): string =>
  `{event="${event}",name="${name}"} 1 1763740000000`;

test.each([
  ['5b1c6e0e-7c0a-7000-8000-000000000001', 'Night of the Proms'],
  ['other-id', 'A "quoted" name, with {braces} and a } at its end}'],
  ['e2', ''],
])('an event is offered by its name and asked for by its id: %s, %s', (event, name) => {
  for (const { model } of models) {
    const regex = model.templating.list.find((one) => one.name === 'event')?.regex;
    if (regex === undefined) continue;
    const [, pattern = ''] = /^\/(.*)\/$/.exec(regex) ?? [];
    expect(new RegExp(pattern).exec(asAnswered(event, name))?.groups).toEqual({ value: event, text: name });
  }
  expect(
    models.filter(({ model }) => model.templating.list.some((one) => one.name === 'event')),
  ).toHaveLength(2);
});
