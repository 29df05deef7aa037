import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findEngine, isAtLeast, obtainEngine, requireEngine, type Engine } from './engine.ts';

const engine: Engine = {
  command: 'evently-engine',
  variable: 'EVENTLY_ENGINE',
  versionArguments: ['--version'],
  versionPattern: /engine v(\d+\.\d+\.\d+)/,
  atLeast: '2.1.0',
  advice: 'install it',
};

let folder = '';
let system = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-engines-'));
  system = process.env['PATH'] ?? '';
  await program('old', 'echo "engine v2.0.9"');
  await program('silent', 'exit 3');
  await program('new', 'echo "engine v2.10.0"');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function program(name: string, script: string): Promise<void> {
  await writeFile(path.join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(folder, name), 0o755);
}
const named = (name: string): Record<string, string> => ({
  PATH: `${folder}:${system}`,
  EVENTLY_ENGINE: path.join(folder, name),
});
const skip = (note: string): never => {
  throw new Error(`skipped: ${note}`);
};

test('versions are compared number by number', () => {
  expect(isAtLeast('1.10.0', '1.9')).toBe(true);
  expect(isAtLeast('2.0.0', '2.0.0')).toBe(true);
  expect(isAtLeast('1.9.9', '2.0.0')).toBe(false);
});

test('the program that the variable names is taken', async () => {
  expect(await findEngine(engine, named('new'))).toEqual({
    kind: 'found',
    program: path.join(folder, 'new'),
    version: '2.10.0',
  });
});

test('the program on PATH is taken', async () => {
  await program('evently-engine', 'echo "engine v3.0.0"');
  const env = { PATH: `${folder}:${system}` };
  expect(await findEngine(engine, env)).toMatchObject({ program: 'evently-engine', version: '3.0.0' });
});

test.each([
  ['old', 'version 2.0.9; version 2.1.0 or later is needed: install it'],
  ['silent', 'does not say its version'],
  ['absent', 'was not found'],
])('a named program that is %s is missing, whatever PATH has', async (name, reason) => {
  await program('evently-engine', 'echo "engine v3.0.0"');
  expect(await findEngine(engine, named(name))).toEqual({
    kind: 'missing',
    reason: expect.stringContaining(reason),
  });
});

test('a test without its engine is skipped with the reason, and fails under CI', async () => {
  const env = { PATH: '' };
  await expect(requireEngine(engine, skip, env)).rejects.toThrow(/^skipped: .*install it$/);
  await expect(requireEngine(engine, skip, { ...env, CI: 'false' })).rejects.toThrow(/^skipped: /);
  await expect(requireEngine(engine, skip, { ...env, CI: 'true' })).rejects.toThrow(
    /^evently-engine on PATH/,
  );
});

test('an engine whose making fails is missing, and the reason says why', async () => {
  const said: string[] = [];
  const make = (): Promise<void> => Promise.reject(new Error('no compiler'));
  const search = await obtainEngine(
    { ...engine, made: { version: '9.9.9', make } },
    (sentence) => said.push(sentence),
    { PATH: '' },
  );
  expect(search).toEqual({
    kind: 'missing',
    reason: expect.stringContaining('Making it failed: no compiler'),
  });
  expect(said).toHaveLength(1);
});
