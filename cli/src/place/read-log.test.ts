import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readLog } from './read-log.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-log-'));
});
afterAll(() => rm(folder, { recursive: true }));

const line = (service: string, msg: string): string => JSON.stringify({ level: 'info', service, msg });

async function messages(file: string, service: string | null, lines: number): Promise<string[]> {
  const written: string[] = [];
  await readLog({ file, service, lines, follow: null, write: (one) => written.push(one) });
  return written;
}

test('the last lines of one service, whatever others wrote between them', async () => {
  const file = path.join(folder, 'last.log');
  const all = ['a', 'b', 'c'].flatMap((msg) => [line('booking', msg), line('event', msg)]);
  await writeFile(file, `${all.join('\n')}\n`);
  expect(await messages(file, 'booking', 2)).toEqual([line('booking', 'b'), line('booking', 'c')]);
  expect(await messages(file, null, 100)).toEqual(all);
  expect(await messages(file, 'booking', 0)).toEqual([]);
});

test('a platform that wrote nothing yet has no lines', async () => {
  expect(await messages(path.join(folder, 'none.log'), null, 10)).toEqual([]);
});

test('a line longer than a chunk, with letters of several bytes, stays whole', async () => {
  const file = path.join(folder, 'long.log');
  const long = line('booking', 'ü€😀'.repeat(30_000));
  await writeFile(file, `${long}\n`);
  expect(await messages(file, 'booking', 10)).toEqual([long]);
});

test('following shows each line once when it is whole, and a file that was begun anew from its start', async () => {
  const file = path.join(folder, 'follow.log');
  await writeFile(file, `${line('booking', 'old')}\n${line('booking', 'half').slice(0, 20)}`);
  const written: string[] = [];
  const ended = new AbortController();
  const reading = readLog({
    file,
    service: 'booking',
    lines: 10,
    follow: ended.signal,
    write: (one) => written.push(one),
  });
  await vi.waitFor(() => expect(written).toEqual([line('booking', 'old')]), { timeout: 20_000 });
  await appendFile(file, `${line('booking', 'half').slice(20)}\n${line('event', 'other')}\n`);
  await vi.waitFor(() => expect(written.at(-1)).toBe(line('booking', 'half')), { timeout: 20_000 });
  await truncate(file);
  await writeFile(file, `${line('booking', 'new')}\n`);
  await vi.waitFor(() => expect(written.at(-1)).toBe(line('booking', 'new')), { timeout: 20_000 });
  ended.abort();
  await reading;
  expect(written).toHaveLength(3);
});
