/** The numbers of a run as the part of docs/search.md that is made by measuring. */
import { readFile, writeFile } from 'node:fs/promises';
import { warmUpRounds, type CallsResult, type EngineResult } from './measure-engine.ts';
import type { SearchOptions } from './options.ts';

export type SearchRun = {
  at: string;
  machine: { processor: string; cores: number; memoryGb: number; node: string; load: readonly number[] };
  options: SearchOptions;
  results: readonly EngineResult[];
};

/** What the platform promises, in milliseconds and seconds. */
export const targets = { searchMsP99: 50, suggestionMsP99: 20, rebuildSeconds: 60 } as const;

const page = new URL('../../docs/search.md', import.meta.url);
const begin = '<!-- speed: made by make bench-search -->';
const end = '<!-- end of speed -->';

/** Replaces what stands between the two marks of the page. */
export async function writeSpeed(run: SearchRun): Promise<void> {
  const text = await readFile(page, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${page.pathname} has lost its marks`);
  await writeFile(page, `${before}${begin}\n\n${describeRun(run)}\n\n${end}${after}`);
}

export function describeRun({ at, machine, options, results }: SearchRun): string {
  const rows: [string, (result: EngineResult) => string][] = [
    ['search with facets, p50', ({ searches }) => ms(searches.latency.p50)],
    [
      `search with facets, p99 (target: under ${targets.searchMsP99} ms)`,
      ({ searches }) => ms(searches.latency.p99),
    ],
    ['suggestions, p50', ({ suggestions }) => ms(suggestions.latency.p50)],
    [
      `suggestions, p99 (target: under ${targets.suggestionMsP99} ms)`,
      ({ suggestions }) => ms(suggestions.latency.p99),
    ],
    [
      'answers that were not 200',
      ({ searches, suggestions }) => String(others(searches) + others(suggestions)),
    ],
    ['processor time of a search: engine + service', ({ searches }) => cpu(searches)],
    ['processor time of suggestions: engine + service', ({ suggestions }) => cpu(suggestions)],
    [
      `re-index (target: under ${targets.rebuildSeconds} s)`,
      ({ rebuildSeconds }) => `${rebuildSeconds.toFixed(1)} s`,
    ],
    [
      'processor time of it: engine + service',
      ({ rebuildCpu: { engine, service } }) =>
        engine === null || service === null ? 'unknown' : `${engine.toFixed(1)} + ${service.toFixed(1)} s`,
    ],
    ['memory of the engine', ({ engineMb }) => mb(engineMb)],
    ['memory of the search process', ({ serviceMb }) => mb(serviceMb)],
  ];
  const names = results.map(({ engine }) => (engine === 'postgres' ? 'PostgreSQL' : 'OpenSearch'));
  const load = machine.load.map((one) => one.toFixed(1)).join(', ');
  return [
    `${options.events.toLocaleString('en')} events, ${options.perSecond} requests per second in an open loop, ` +
      `${options.seconds} s of each kind after ${warmUpRounds * options.seconds} s to warm up, no answer kept by the service; measured on ${at.slice(0, 10)} ` +
      `on ${machine.cores} cores (${machine.processor}), which engine, service and generator share. ` +
      `Beside it ran: ${options.beside} (load averages ${load}).`,
    '',
    layOut([['', ...names], ...rows.map(([name, of]) => [name, ...results.map(of)])]),
  ].join('\n');
}

const ms = (value: number): string => `${value.toFixed(1)} ms`;
const mb = (value: number | null): string => (value === null ? 'unknown' : `${Math.round(value)} MiB`);
const cpu = ({ cpuMs: { engine, service } }: CallsResult): string =>
  engine === null || service === null ? 'unknown' : `${engine.toFixed(1)} + ${service.toFixed(1)} ms`;

function others({ answers }: CallsResult): number {
  return Object.entries(answers).reduce((sum, [status, count]) => (status === '200' ? sum : sum + count), 0);
}

/** As the formatter lays tables out. */
function layOut(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join(
    '\n',
  );
}
