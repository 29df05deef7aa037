import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createStarted } from './started.ts';

test('what was started is ended in reverse, and each once', async () => {
  const told: string[] = [];
  const started = createStarted();
  const start = (name: string) =>
    started.start(
      () => Promise.resolve(name),
      (it) => Promise.resolve(void told.push(it)),
    );
  await start('database');
  const engine = await start('engine');
  await start('service');
  await engine.end();
  await Promise.all([started.endAll(), started.endAll()]);
  expect(told).toEqual(['engine', 'service', 'database']);
  await expect(start('another')).rejects.toThrow('nothing is started any more');
});

test('what is only beginning is ended when it has begun, and what did not begin is not', async () => {
  const told: string[] = [];
  const started = createStarted();
  const begun = Promise.withResolvers<string>();
  const slow = started.start(
    () => begun.promise,
    (it) => Promise.resolve(void told.push(it)),
  );
  const failing = started.start<string>(
    () => Promise.reject(new Error('no such program')),
    (it) => Promise.resolve(void told.push(it)),
  );
  const all = started.endAll();
  begun.resolve('slow');
  await expect(failing).rejects.toThrow('no such program');
  await Promise.all([slow, all]);
  expect(told).toEqual(['slow']);
});

test('one that cannot be ended keeps nobody else', async () => {
  const told: string[] = [];
  const started = createStarted();
  await started.start(
    () => Promise.resolve('database'),
    (it) => Promise.resolve(void told.push(it)),
  );
  await started.start(
    () => Promise.resolve('engine'),
    () => Promise.reject(new Error('it hangs')),
  );
  await expect(started.endAll()).rejects.toThrow('it hangs');
  expect(told).toEqual(['database']);
});

test('a benchmark that fails says why, also after it has ended what it started', async () => {
  const main = fileURLToPath(new URL('search/main.ts', import.meta.url));
  const env = { ...process.env, TMPDIR: '/no such folder' };
  await expect(promisify(execFile)(process.execPath, [main], { env })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('/no such folder'),
  });
});
