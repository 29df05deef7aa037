import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { metricSections } from '../../tests/reference/metrics-catalog.ts';
import { unknownFaults, type KnownMetric } from '../lint/known-metrics.ts';
import { readPromQl } from '../lint/promql.ts';
import { ruleOf, usualBases } from './alert.ts';
import { allAlerts } from './all-alerts.ts';
import { caseSets } from './case-files.ts';
import { ruleFileGroups, ruleGroups } from './rule-files.ts';
import { commandsOf } from './runbook.ts';

const root = path.join(import.meta.dirname, '../..');
const alerts = allAlerts();
const cases = Object.values(caseSets()).flatMap((set) => set.cases);
const read = (at: string): string => readFileSync(path.join(root, at), 'utf8');

/** Pages that are about alerts, with the alerts that they name. */
const runbooks = new Map(
  globSync('docs/runbooks/*.md', { cwd: root }).flatMap((at) => {
    const line = /^Alerts: (.+(?:\n.+)*)$/m.exec(read(at))?.[1];
    if (line === undefined) return [];
    return [[at, [...line.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '')] as const];
  }),
);
const sections = [
  'What it means',
  'What the buyer sees',
  'First three commands',
  'How to end it',
  'How it was tested',
];

test('an alert is called EventlyLikeThis, once for each of its labels, and says what a reader needs', () => {
  for (const alert of alerts) {
    expect(alert.name).toMatch(/^Evently([A-Z][a-z]+)+$/);
    const { annotations, labels } = ruleOf(alert, usualBases);
    expect(['page', 'ticket']).toContain(labels['severity']);
    expect(Object.keys(annotations)).toEqual(['summary', 'description', 'runbook_url', 'dashboard']);
    expect(annotations['description']).toMatch(/\.$/);
  }
  const keys = alerts.map(({ name, labels }) => `${name} ${labels?.['slo'] ?? ''}`);
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
});

test('each alert has a runbook that names it, and each runbook of alerts names only such', () => {
  const wanted = alerts.map(({ name, runbook }) => `docs/runbooks/${runbook}.md ${name}`);
  const named = [...runbooks].flatMap(([at, names]) => names.map((name) => `${at} ${name}`));
  expect([...new Set(wanted)].toSorted()).toEqual(named.toSorted());
  expect(runbooks.size).toBeGreaterThan(15);
});

test.each([...runbooks.keys()])('%s has its sections in order, and three commands', (at) => {
  const headings = [...read(at).matchAll(/^## (.+)$/gm)].map((match) => match[1]);
  expect(headings).toEqual(sections);
  expect(commandsOf(read(at))).toHaveLength(3);
});

test('the page of alerts lists them all, with severity and runbook', () => {
  const rows = [
    ...read('docs/alerts.md').matchAll(/^\| `(\w+)` +\| (\w+) +\|.*\[([a-z-]+)\]\(runbooks\/\3\.md\) +\|$/gm),
  ];
  const listed = rows.map(([, name, severity, runbook]) => `${name} ${severity} ${runbook}`);
  const made = alerts.map(({ name, severity, runbook }) => `${name} ${severity} ${runbook}`);
  expect(listed.toSorted()).toEqual([...new Set(made)].toSorted());
});

test('each alert has a case in which it fires and one in which it does not', () => {
  for (const { name, labels } of alerts) {
    const own = cases.filter(({ alert, says }) => alert === name && says.startsWith(labels?.['slo'] ?? ''));
    expect([name, own.some(({ fires }) => fires.length > 0)]).toEqual([name, true]);
    expect([name, own.some(({ fires }) => fires.length === 0)]).toEqual([name, true]);
  }
  const names = new Set(alerts.map(({ name }) => name));
  expect(cases.filter(({ alert }) => !names.has(alert))).toEqual([]);
});

test('the dashboard that an alert links to is there', () => {
  for (const { dashboard } of alerts) {
    const at = `monitoring/dashboards/json/evently-${dashboard}.json`;
    expect([at, existsSync(path.join(root, at))]).toEqual([at, true]);
    expect(JSON.parse(read(at))).toMatchObject({ uid: `evently-${dashboard}` });
  }
});

test('the links begin where one wants them to', () => {
  const groups = ruleGroups({
    runbookBase: 'https://example.com/runbooks',
    dashboardBase: 'https://grafana.example.com',
  });
  const urls = groups.flatMap(({ rules }) =>
    rules.flatMap((rule) =>
      'alert' in rule ? [rule.annotations['runbook_url'], rule.annotations['dashboard']] : [],
    ),
  );
  expect(urls.length).toBeGreaterThan(40);
  for (const url of urls)
    expect(url).toMatch(
      /^https:\/\/(example\.com\/runbooks\/[a-z-]+\.md|grafana\.example\.com\/d\/evently-[a-z]+)$/,
    );
});

const rules = ruleFileGroups().flatMap(({ groups }) => groups.flatMap((group) => group.rules));
const recorded = rules.flatMap((rule) => ('record' in rule ? [rule.record] : []));
const selectors = rules.flatMap(({ expr }) => readPromQl(expr).selectors);

test("every metric that a rule names is in the page of metrics, or is recorded, or is Prometheus' own", () => {
  const page = read('docs/reference/metrics.md');
  const named = new Set(selectors.map(({ metric }) => metric));
  const known = (name: string): boolean => page.includes(`\`${name}\``);
  const unknown = [...named].filter(
    (name) =>
      name !== 'up' &&
      !recorded.includes(name) &&
      !known(name) &&
      !known(name.replace(/_(bucket|count|sum)$/, '')),
  );
  expect(unknown).toEqual([]);
  expect(named.size).toBeGreaterThan(25);
});

test('every label and value that a rule asks for is one that there is', () => {
  const defined = metricSections().flatMap(({ definitions }) => definitions);
  const known = new Map<string, KnownMetric>([
    ...defined.map((one) => [one.name, one] as const),
    ['up', { type: 'gauge', labels: {} }],
    ...recorded.map((name) => [name, { type: 'gauge', labels: { slo: 'by name' } }] as const),
  ]);
  // Here a gauge is asked for its past, which is no rate.
  const faults = rules.flatMap(({ expr }) =>
    unknownFaults(readPromQl(expr), known).filter((fault) => !fault.endsWith('has no rate')),
  );
  expect([...new Set(faults)]).toEqual([]);
  const misspelt = readPromQl('max by (event) (evently_booking_sale_phase_info{phase="opened"})');
  expect(unknownFaults(misspelt, known)).toHaveLength(1);
});

test('a rate is over a window that holds several scrapes', () => {
  const rates = selectors.filter(({ within }) => within[0] === 'rate' || within[0] === 'increase');
  expect(new Set(rates.map(({ range }) => range))).toEqual(new Set(['1m', '5m', '10m', '30m', '1h', '6h']));
});
