/** The commands of the runbooks, typed as they stand there, against a platform that runs. */
import { globSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createStandalone, type Standalone } from '@evently/standalone/standalone';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { command, freePorts, runTyped } from '../../tests/typed-command.ts';
import { commandsOf } from './runbook.ts';

const root = path.join(import.meta.dirname, '../..');
let folder = '';
let standalone: Standalone;
let environment: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-runbooks-'));
  await chmod(folder, 0o755);
  const PATH = process.env['PATH'] ?? '';
  standalone = await createStandalone({
    env: { PATH, ...freePorts, EVENTLY_DATA_DIR: folder, EVENTLY_LOG_LEVEL: 'info' },
  });
  environment = { PATH, HOME: folder, EVENTLY_DATA_DIR: folder };
});
afterAll(async () => {
  await standalone.close();
  await rm(folder, { recursive: true, force: true });
});

const commands = globSync('docs/runbooks/*.md', { cwd: root }).flatMap((page) =>
  commandsOf(readFileSync(path.join(root, page), 'utf8')).map(({ about, text }) => ({ page, about, text })),
);
// A cluster's: the one of this machine has no Redis, and no operator.
const ours = commands.filter(({ text }) => /\bnpx evently\b/.test(text) && !text.includes('--on cluster'));
const others = commands.filter((one) => !ours.includes(one));

test('each command says what it is for', () => {
  expect(commands.filter(({ about }) => about === '')).toEqual([]);
  expect(ours.length).toBeGreaterThan(30);
});

test('what is not tried here is kubectl, promtool or a command to a cluster', () => {
  const forms = [
    /^kubectl (--namespace evently |get --raw |auth can-i )/,
    /^promtool query instant /,
    /--on cluster$/,
  ];
  expect(others.filter(({ text }) => !forms.some((form) => form.test(text)))).toEqual([]);
});

test.concurrent.each([...new Map(ours.map((one) => [one.text, one])).values()])(
  '$page: $about',
  async ({ text }) => {
    const typed = text.replaceAll('npx evently', `${process.execPath} ${command}`);
    const { code, stderr } = await runTyped('bash', ['-o', 'pipefail', '-c', typed], environment);
    expect([code, stderr.replaceAll(/^psql is not installed.*\n/gm, '')]).toEqual([0, '']);
  },
);

test('control: a query of a column that is not there fails', async () => {
  const typed = `echo "select colour from inventory;" | ${process.execPath} ${command} psql --service booking`;
  const { code } = await runTyped('bash', ['-o', 'pipefail', '-c', typed], environment);
  expect(code).not.toBe(0);
});
