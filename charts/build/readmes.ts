/** The READMEs of the charts, by helm-docs from README.md.gotmpl and the comments of values.yaml. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { runProgram } from '@evently/testkit/engines/run-program';
import { chartNames, type ChartCopy } from './render.ts';

/** Paths below `charts/`, and what must stand there. */
export async function readmes(copy: ChartCopy, tools: string): Promise<Record<string, string>> {
  await runProgram(
    path.join(tools, 'helm-docs'),
    [
      `--chart-search-root=${copy.folder}`,
      `--chart-to-generate=${chartNames.map((chart) => path.join(copy.folder, chart)).join(',')}`,
      '--sort-values-order=file',
      '--skip-version-footer',
      '--log-level=warning',
    ],
    { cwd: copy.folder },
  );
  const files = chartNames.map((chart) => `${chart}/README.md`);
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file, await readFile(path.join(copy.folder, file), 'utf8')] as const),
    ),
  );
}
