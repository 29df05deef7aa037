/** Writes dashboards, alerts, recording rules and promtool's tests of them: `make monitoring`. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { monitoringOutput } from './output.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

for (const [at, text] of Object.entries(monitoringOutput())) {
  const file = path.join(root, at);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  process.stdout.write(`${at}\n`);
}
