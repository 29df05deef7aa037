import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readCommand } from './options.ts';

const now = new Date('2026-11-21T10:20:30.000Z');
const results = fileURLToPath(new URL('./results/', import.meta.url));

function folderOf(...args: string[]): string {
  const command = readCommand(args, now);
  if (command.kind === 'list') throw new Error('a list has no folder');
  return fileURLToPath(command.folder);
}

test('a folder is taken as it is named: absolute, or seen from where one is', () => {
  expect(folderOf('--out', '/tmp/there')).toBe('/tmp/there/');
  expect(folderOf('--out', 'here/below')).toBe(`${path.resolve('here/below')}/`);
  expect(folderOf('--from', '/tmp/there')).toBe('/tmp/there/');
});

test('without a folder a run is kept apart from others, and a published one by day and machine', () => {
  expect(folderOf('--smoke')).toBe(`${results}local/smoke-2026-11-21T10-20-30.000Z/`);
  expect(folderOf()).toBe(`${results}local/full-2026-11-21T10-20-30.000Z/`);
  expect(folderOf('--publish')).toMatch(/\/results\/published\/2026-11-21-[a-z0-9-]+-\d+-cores\/$/);
});

test.each([
  [['--runs', '0'], '--runs must be a whole number from 1 to 100, not "0"'],
  [['--seconds', 'ten'], '--seconds must be a whole number'],
  [['--profiles', 'herd,nothing'], 'There is no profile "nothing"; there are: reserve'],
  [['--publish', '--smoke'], '--publish keeps full runs only'],
  [['--publish', '--out', 'x'], 'not both'],
  [['--unknown'], '--unknown'],
])('%j is refused with what to change', (args, says) => {
  expect(() => readCommand(args, now)).toThrow(says);
});

test('five runs of everything at full size are what is measured without further words', () => {
  expect(readCommand([], now)).toMatchObject({
    kind: 'measure',
    firstRun: 1,
    runs: 5,
    sizes: { name: 'full' },
  });
});
