import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { answered, slowest } from './arrivals.ts';
import { goalNames, parseGoals } from './goals.ts';

const file = path.join(import.meta.dirname, '../../monitoring/slo/objectives.json');
const text = readFileSync(file, 'utf8');
const goals = parseGoals(text, file);

test('the objectives of the alerts are the goals of the load scripts', () => {
  const objectives = new Map(JSON.parse(text).objectives.map((one: { name: string }) => [one.name, one]));
  for (const name of goalNames) {
    expect(objectives.get(`${name}-availability`)).toMatchObject({ target: goals[name].answeredShare });
    expect(objectives.get(`${name}-latency`)).toMatchObject({
      target: goals[name].quickShare,
      within_ms: goals[name].withinMs,
    });
  }
});

test('a goal becomes thresholds of k6', () => {
  const goal = { answeredShare: 0.999, quickShare: 0.99, withinMs: 100 };
  expect({ ...slowest(goal, 'winners_ms', 'losers_ms'), ...answered(goal, 'reserve_answered') }).toEqual({
    winners_ms: ['p(99)<100'],
    losers_ms: ['p(99)<100'],
    reserve_answered: ['rate>=0.999'],
  });
});

test.each([
  ['nothing', 'null'],
  ['no objectives', '{}'],
  ['an objective too few', JSON.stringify({ objectives: JSON.parse(text).objectives.slice(1) })],
])('a file with %s is refused', (_, other) => {
  expect(() => parseGoals(other, 'x.json')).toThrow('x.json has no objective reserve-availability');
});
