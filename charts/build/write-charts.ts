/** Writes what is generated in the charts: `make charts`. Without Helm only what needs none. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findHelmTools } from '@evently/testkit/engines/helm-tools';
import { valueFiles } from './chart-values.ts';
import { goldens } from './goldens.ts';
import { readmes } from './readmes.ts';
import { chartsFolder, copyCharts } from './render.ts';

await write(valueFiles());
const tools = await findHelmTools();
if (tools.kind === 'found') {
  const copy = await copyCharts(tools.folder);
  try {
    await write(await readmes(copy, tools.folder));
    await write(await goldens(copy));
  } finally {
    await copy.remove();
  }
} else {
  process.stderr.write(`READMEs and goldens were left as they are: ${tools.reason}\n`);
  process.exitCode = 1;
}

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [at, text] of Object.entries(files)) {
    const file = path.join(chartsFolder, at);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
    process.stdout.write(`charts/${at}\n`);
  }
}
