import path from 'node:path';
import { runProgram } from '@evently/testkit/engines/run-program';
import { expect, test } from 'vitest';
import { chartNames } from '../../charts/build/render.ts';
import { helmWorld } from './helm-world.ts';

const world = helmWorld();
const valuesOfUmbrella = ['values-test.yaml', 'values-kind.yaml', 'values-production.yaml'];

test.each(chartNames)('helm lint --strict has nothing to say about %s', async (chart) => {
  const said = await world.copy().helm(['lint', '--strict', '--quiet', chart]);
  expect(said.trim()).toBe('');
});

test.each(valuesOfUmbrella)('helm lint --strict has nothing to say about evently with %s', async (file) => {
  const values = path.join('evently', file);
  expect(
    (await world.copy().helm(['lint', '--strict', '--quiet', '--values', values, 'evently'])).trim(),
  ).toBe('');
});

test.each(chartNames)('the suites of helm-unittest pass for %s', async (chart) => {
  const said = await runProgram(
    path.join(world.tools(), 'helm-unittest'),
    ['--strict', '--color=false', path.join(world.copy().folder, chart)],
    { deadlineMs: 60_000 },
  );
  const [, passed = '0', all = ''] = /^Tests:\s+(\d+) passed, (\d+) total$/m.exec(said) ?? [];
  expect(passed).toBe(all);
  expect(Number(passed)).toBeGreaterThanOrEqual(4);
});
