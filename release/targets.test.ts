import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const project = path.join(import.meta.dirname, '..');
const deadlineMs = 20_000;
let bare: string;
beforeAll(async () => {
  bare = await mkdtemp(path.join(tmpdir(), 'evently-targets-'));
  // Docker without its plugin, and without anything that answers.
  await writeFile(path.join(bare, 'docker'), '#!/bin/sh\nexit 125\n', { mode: 0o755 });
});
afterAll(() => rm(bare, { recursive: true, force: true }));

/** What make says on a machine that has neither Helm nor BuildKit. */
function say(words: readonly string[]): Promise<{ failed: boolean; said: string }> {
  const env = { PATH: `${bare}:${process.env['PATH'] ?? ''}`, HELM: path.join(bare, 'helm') };
  return new Promise((resolve) => {
    execFile('make', words, { cwd: project, env, timeout: deadlineMs }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, said: stdout + stderr }),
    );
  });
}

test.each([['chart'], ['chart-push'], ['deploy', 'CHART=none']])(
  'make %s without Helm says what to install',
  async (...words) => {
    const { failed, said } = await say(words);
    expect(failed).toBe(true);
    expect(said).toContain('was not found. Install Helm 4 (https://helm.sh/docs/intro/install)');
  },
);

test('make image without BuildKit says what to install, and without a service which there are', async () => {
  const built = await say(['image', 'SERVICE=booking']);
  expect(built.failed).toBe(true);
  expect(built.said).toContain('Install Docker with its plugin buildx');
  const unknown = await say(['image', 'SERVICE=bookings']);
  expect(unknown.failed).toBe(true);
  expect(unknown.said).toContain('with one of user event search booking payment operator');
});
