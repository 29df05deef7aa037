import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { generatedFiles, regenerateCommand } from './generated-files.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test.each(Object.entries(generatedFiles()))('%s is what the schema makes', async (at, text) => {
  const stands = await readFile(path.join(root, at), 'utf8').catch(() => 'nothing');
  expect(stands === text, `${at} is not what operator/src/api says: run "${regenerateCommand}"`).toBe(true);
});
