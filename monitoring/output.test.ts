import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { monitoringOutput, outputFolders } from './output.ts';

const root = path.join(import.meta.dirname, '..');
const output = monitoringOutput();

test.each(Object.keys(output))('%s is what its TypeScript says: run "make monitoring"', (at) => {
  const stands = existsSync(path.join(root, at)) ? readFileSync(path.join(root, at), 'utf8') : null;
  // The whole difference is read with git after it.
  expect(stands === output[at]).toBe(true);
});

test('nothing lies among them that nobody makes any more', () => {
  const lie = Object.entries(outputFolders).flatMap(([folder, ending]) =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith(ending))
      .map((name) => `${folder}/${name}`),
  );
  expect(lie.filter((at) => output[at] === undefined)).toEqual([]);
  expect(lie.length).toBeGreaterThan(10);
});
