/** What stands above every table: when, on what machine, with which settings, and how to read the figures. Pure. */
import type { Machine } from '../measure/machine.ts';
import type { ResultFile } from '../result.ts';

/** Lines of Markdown. */
export function describeRuns(files: readonly ResultFile[]): string {
  const [first] = files;
  if (first === undefined) return '';
  const times = files.flatMap(({ results }) => results.map(({ at }) => at)).toSorted();
  const runs = new Set(files.flatMap(({ results }) => results.map(({ run }) => run))).size;
  const machines = new Set(files.map(({ machine }) => JSON.stringify(machine)));
  return [
    `- Measured ${dayOf(times[0])}${dayOf(times.at(-1)) === dayOf(times[0]) ? '' : ` to ${dayOf(times.at(-1))}`}, ${runs === 1 ? 'one run' : `${runs} runs, each figure the median with the least and the most`}. Percentiles are those of each run, then the median of the runs, never pooled.`,
    ...describeMachine(first.machine),
    ...(machines.size > 1
      ? ['- Not all files were measured with the same machine and settings; these are the first.']
      : []),
    ...(first.size === 'full'
      ? []
      : ['- **A small run. It shows that everything works; its figures say nothing about speed.**']),
  ].join('\n');
}

function describeMachine(machine: Machine): string[] {
  const { processor, cores, memoryGb, system, node, serverFlags, postgres, settings } = machine;
  return [
    `- ${processor}, ${cores} cores shared by the servers, PostgreSQL and the generator, ${memoryGb} GiB, ${system}.`,
    `- Node ${node}${serverFlags.length === 0 ? '' : `, servers with \`${serverFlags.join(' ')}\``}.`,
    `- PostgreSQL ${postgres}: ${Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}.`,
  ];
}

function dayOf(at: string | undefined): string {
  return at?.slice(0, 10) ?? '';
}
