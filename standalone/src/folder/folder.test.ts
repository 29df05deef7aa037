import { mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StandaloneFailure } from '../failure.ts';
import { openDataFolder } from './data-folder.ts';
import { holderOf, lockFolder } from './lock.ts';
import { rotateLog } from './rotate-log.ts';
import { keepSecrets } from './secrets.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-folder-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.skipIf(process.platform !== 'linux')(
  'a folder that a file system will not make is a clear failure, and missing parents are made',
  async () => {
    await expect(openDataFolder('/proc/evently/data')).rejects.toThrow(
      'The data folder /proc/evently/data cannot be written (ENOENT).',
    );
    const deep = path.join(folder, 'a', 'b');
    expect(await openDataFolder(deep)).toBe(await realpath(deep));
  },
);

test('one process at a time has a folder, under whatever path, and says who it is', async () => {
  const first = await lockFolder(folder);
  if (!first.ok) throw new Error('the folder is new');
  expect(await lockFolder(folder)).toEqual({ ok: false, holder: { pid: process.pid, address: null } });
  first.lock.describe({ pid: process.pid, address: 'http://127.0.0.1:8080' });
  const link = `${folder}-link`;
  await symlink(folder, link);
  expect(await lockFolder(link)).toEqual({
    ok: false,
    holder: { pid: process.pid, address: 'http://127.0.0.1:8080' },
  });
  await rm(link);
  await first.lock.release();
  expect(await holderOf(folder)).toBeNull();
  const second = await lockFolder(folder);
  expect(second.ok).toBe(true);
  if (second.ok) await second.lock.release();
});

test('ten starts at the same moment: exactly one gets the folder', async () => {
  const attempts = await Promise.all(Array.from({ length: 10 }, () => lockFolder(folder)));
  expect(attempts.filter(({ ok }) => ok)).toHaveLength(1);
  for (const attempt of attempts) if (attempt.ok) await attempt.lock.release();
});

test('secrets are made once, differ from each other, and only their owner reads them', async () => {
  const made = await keepSecrets(folder);
  expect(await keepSecrets(folder)).toEqual(made);
  expect(new Set(Object.values(made)).size).toBe(Object.keys(made).length);
  expect((await stat(path.join(folder, 'secrets.json'))).mode & 0o777).toBe(0o600);
});

test('a secret that a newer version needs is added, and the others stay', async () => {
  const file = path.join(folder, 'secrets.json');
  const before = await keepSecrets(folder);
  await writeFile(file, JSON.stringify({ EVENTLY_API_KEY: before.EVENTLY_API_KEY }));
  const after = await keepSecrets(folder);
  expect(after.EVENTLY_API_KEY).toBe(before.EVENTLY_API_KEY);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(after);
});

test.each(['{', '{"EVENTLY_API_KEY": 1}', '{"EVENTLY_API_KEY": "short"}'])(
  'a broken secrets file (%s) is not replaced',
  async (text) => {
    const file = path.join(folder, 'secrets.json');
    await writeFile(file, text);
    await expect(keepSecrets(folder)).rejects.toThrow(StandaloneFailure);
    expect(await readFile(file, 'utf8')).toBe(text);
  },
);

test('a new data folder has a closed place for mail', async () => {
  const made = await openDataFolder(path.join(folder, 'deep', 'data'));
  expect((await stat(path.join(made, 'mail'))).mode & 0o777).toBe(0o700);
});

test('a small log goes on, a large one makes place', async () => {
  const log = path.join(folder, 'x.log');
  await writeFile(log, 'line\n');
  await rotateLog(log);
  expect(await readFile(log, 'utf8')).toBe('line\n');
  await writeFile(log, Buffer.alloc(50 * 1024 * 1024 + 1));
  await rotateLog(log);
  await expect(stat(log)).rejects.toThrow('ENOENT');
});
