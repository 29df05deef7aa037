/** Makes the tables and plots of a folder of results, so that they can be made again from the numbers alone. */
import { writeFile } from 'node:fs/promises';
import { drawPlots } from '../plots/plots.ts';
import { faultsOf, isSkipped, type Result } from '../result.ts';
import { describeRuns } from './head.ts';
import { readResults } from './read-results.ts';
import {
  renderBesides,
  renderCalls,
  renderCosts,
  renderSales,
  renderSkipped,
  renderWrittenLater,
} from './table.ts';
import { judgeTargets, renderTargets } from './targets.ts';

export type Report = { text: string; faults: readonly string[] };

/** Writes `table.md`, `targets.md` and the plots; answers both tables and one sentence for each fault. */
export async function writeReport(folder: URL): Promise<Report> {
  const files = await readResults(folder);
  const results = files.flatMap((file) => file.results).toSorted((a, b) => a.at.localeCompare(b.at));
  const head = describeRuns(files);
  const parts = [
    renderSales(results),
    renderCosts(results),
    renderCalls(results),
    renderBesides(results),
    renderWrittenLater(results),
    renderSkipped(results),
  ];
  const table = parts.filter((part) => part !== '').join('\n\n');
  const targets = renderTargets(judgeTargets(results, files[0]?.size === 'full'));
  await writeFile(new URL('table.md', folder), `# Measured\n\n${head}\n\n${table}\n`);
  await writeFile(new URL('targets.md', folder), `# Targets\n\n${head}\n\n${targets}\n`);
  const cores = files[0]?.machine.cores ?? 0;
  for (const [name, svg] of drawPlots(results, { cores, runs: countRuns(results) })) {
    await writeFile(new URL(name, folder), svg);
  }
  return { text: `${head}\n\n${table}\n\n${targets}`, faults: results.flatMap(sentencesOf) };
}

function countRuns(results: readonly Result[]): number {
  return new Set(results.map(({ run }) => run)).size;
}

function sentencesOf(result: Result): string[] {
  const { profile, variant, run } = result;
  const faults = faultsOf(result);
  return isSkipped(result) || faults.length === 0
    ? []
    : [`${profile}, ${variant}, run ${run}: ${faults.join('; ')}`];
}
