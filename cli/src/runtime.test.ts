import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommandError } from './command-error.ts';
import { dataFolder, readRuntime } from './runtime.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-runtime-'));
});
afterAll(() => rm(folder, { recursive: true }));

const runtime = {
  pid: 1,
  gateway: { url: 'http://127.0.0.1:8080' },
  ports: { user: 8001, event: 8002, search: 8003, booking: 8004, payment: 8005, metrics: 9090 },
  databases: { user: 'u', event: 'e', search: 's', booking: 'b', payment: 'p' },
  postgres_pid: 2,
  api_key: 'k',
  bootstrap_token: 't',
  load_test: false,
};

test('what standalone wrote is read, and fields added later do no harm', async () => {
  await writeFile(path.join(folder, 'runtime.json'), JSON.stringify({ ...runtime, later: 1 }));
  expect(await readRuntime(folder)).toEqual(runtime);
});

test('a folder where nothing was started is no platform', async () => {
  expect(await readRuntime(path.join(folder, 'elsewhere'))).toBeNull();
});

test.each(['', '{"pid":', '{"pid":1}'])('a broken file %j is named', async (text) => {
  await writeFile(path.join(folder, 'runtime.json'), text);
  await expect(readRuntime(folder)).rejects.toThrow(CommandError);
});

test('the data folder is EVENTLY_DATA_DIR, else .evently in the root of the project', () => {
  expect(dataFolder({ EVENTLY_DATA_DIR: '/srv/evently' })).toBe('/srv/evently');
  expect(path.basename(dataFolder({}))).toBe('.evently');
});
