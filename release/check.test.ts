import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { releaseFaults } from './check.ts';

const version = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))).version;

test('everything in the tree is of one version, and what it says to its database is kept', () => {
  expect(releaseFaults(version)).toEqual([]);
});

test('a tag that names another version becomes no release', () => {
  const faults = releaseFaults('9.9.9');
  expect(faults).toContain(`package.json is of version ${version}, not 9.9.9`);
  expect(faults).toContain(`charts/evently/Chart.yaml is of version ${version}, not 9.9.9`);
  expect(faults).toContain(`services/booking/package.json wants @evently/kit ${version}, not 9.9.9`);
  expect(faults.at(-1)).toContain('conversations/9.9.9.json is missing');
  expect(releaseFaults('v1')).toEqual(['"v1" is no version like 1.2.3']);
});
