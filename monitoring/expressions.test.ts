import { expect, test } from 'vitest';
import { everything, listExpressions, replaceVariables } from './expressions.ts';
import { mayBeEmpty } from './may-be-empty.ts';
import { readPromQl } from './lint/promql.ts';

const expressions = listExpressions();

test('dashboards, alerts and recording rules are all among them, without a variable left', () => {
  const sources = [...new Set(expressions.map(({ source }) => source))];
  expect(sources.filter((source) => source.startsWith('monitoring/dashboards/'))).toHaveLength(7);
  expect(sources.filter((source) => source.endsWith('.rules.yaml')).length).toBeGreaterThanOrEqual(4);
  expect(expressions.filter(({ expr }) => /\$[a-z_{]/.test(expr))).toEqual([]);
  expect(expressions.filter(({ panel }) => panel === '')).toEqual([]);
});

test('what variables and annotations of dashboards ask is among them', () => {
  const panels = expressions.map(({ panel }) => panel);
  expect(panels).toEqual(expect.arrayContaining(['variable event', 'variable job', 'annotation Sale open']));
});

test('every one is well-formed', () => {
  expect(
    expressions.flatMap(({ source, panel, expr }) =>
      readPromQl(expr).faults.map((fault) => `${source}, ${panel}: ${fault}`),
    ),
  ).toEqual([]);
});

test.each(mayBeEmpty)(
  '$panel, which may be empty, is a panel that there is',
  ({ source, panel, about, reason }) => {
    const meant = expressions.filter((one) => one.source === source && one.panel === panel);
    expect(meant.filter(({ expr }) => about === undefined || expr.includes(about)).length).toBeGreaterThan(0);
    expect(reason.length).toBeGreaterThan(20);
  },
);

test('a variable without a value is refused by name, and a group of a regular expression is none', () => {
  expect(() => replaceVariables('up{shop="$shop"}', everything)).toThrow(/\$shop .*give one/);
  expect(
    replaceVariables('label_replace(up{job=~"${job:regex}"}, "a", "$1", "b", "(.*)")', { job: 'x' }),
  ).toBe('label_replace(up{job=~"x"}, "a", "$1", "b", "(.*)")');
});
