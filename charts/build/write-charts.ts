/** Writes what is generated in the charts: `make charts`. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { crdYaml } from '../../operator/src/api/crd.ts';
import { valueFiles } from './chart-values.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));

for (const [at, text] of Object.entries({ ...valueFiles(), 'operator/files/crd.yaml': crdYaml() })) {
  const file = path.join(folder, at);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  process.stdout.write(`charts/${at}\n`);
}
