import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ruleOf, usualBases } from './alert.ts';
import { allAlerts } from './all-alerts.ts';
import { caseSets } from './case-files.ts';
import { commandsOf } from './runbook.ts';
import { ruleFileGroups, ruleGroups } from './rule-files.ts';

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

// What is not ours: Prometheus' own, and the recorded series of the objectives.
const notOnThePage = new Set(['up']);

test('every metric that a rule names is in the page of metrics, or is recorded', () => {
  const page = read('docs/reference/metrics.md');
  const rules = ruleFileGroups().flatMap(({ groups }) => groups.flatMap((group) => group.rules));
  const recorded = new Set(rules.flatMap((rule) => ('record' in rule ? [rule.record] : [])));
  const named = new Set(rules.flatMap(({ expr }) => metricsIn(expr)));
  const unknown = [...named].filter(
    (name) =>
      !recorded.has(name) &&
      !notOnThePage.has(name) &&
      !page.includes(`\`${name.replace(/_(bucket|count|sum)$/, '')}\``) &&
      !page.includes(`\`${name}\``),
  );
  expect(unknown).toEqual([]);
  expect(named.size).toBeGreaterThan(25);
  expect(metricsIn('sum by (le, a) (rate(x_y{b="c(d"}[5m])) / max(z) > 0.1 and on (e) up')).toEqual([
    'x_y',
    'z',
    'up',
  ]);
});

/** Names of metrics in an expression: what is left when strings, labels, windows and words of the language are gone. */
function metricsIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|on) ?\([^)]*\)/g, '');
  // A word before a parenthesis is a function; by and on may have stood between.
  const words = [...bare.matchAll(/\b([a-z_][\w:]*)\b(?!\s*\()/gi)].map(([word]) => word);
  return words.filter((word) => !['and', 'or', 'unless'].includes(word));
}
