import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { serverFlags } from './server-flags.ts';

test('what is measured runs with the flags that `make start` gives', async () => {
  const makefile = await readFile(new URL('../Makefile', import.meta.url), 'utf8');
  const flags = /^SERVER_FLAGS :?= (.*)$/m.exec(makefile)?.[1]?.trim().split(/\s+/);
  expect(serverFlags).toEqual(flags);
});

test('an image has the same flags, and compiles its code with them', async () => {
  const dockerfile = await readFile(new URL('../Dockerfile', import.meta.url), 'utf8');
  const entrypoint = /^ENTRYPOINT (\["node", .*\])$/m.exec(dockerfile)?.[1];
  expect(JSON.parse(entrypoint ?? '[]')).toEqual(['node', ...serverFlags]);
  expect(dockerfile).toContain(`node ${serverFlags.join(' ')} main.ts config`);
});
