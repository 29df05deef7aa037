/** Writes the CRD and the reference page from the schema: `make crd`. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generated-files.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

for (const [at, text] of Object.entries(generatedFiles())) {
  const file = path.join(root, at);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  process.stdout.write(`${at}\n`);
}
