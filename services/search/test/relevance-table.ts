/** How good the answers of both engines are, as the part of docs/search.md that is made by measuring. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Relevance } from './measure-relevance.ts';

export type Measured = Readonly<Record<'postgres' | 'opensearch', Relevance>>;

const page = fileURLToPath(new URL('../../../docs/search.md', import.meta.url));
const begin = '<!-- relevance: made by make search-relevance -->';
const end = '<!-- end of relevance -->';
/** Queries that are named with their numbers, the worst first. */
const namedQueries = 8;
const digits = 3;

/** Replaces what stands between the two marks of the page. */
export async function writeRelevance(measured: Measured): Promise<void> {
  const text = await readFile(page, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${page} has lost its marks`);
  await writeFile(page, `${before}${begin}\n\n${relevanceTable(measured)}\n\n${end}${after}`);
}

export function relevanceTable({ postgres, opensearch }: Measured): string {
  const kinds = [...new Set(postgres.queries.map(({ kind }) => kind))];
  const rows = kinds.map((kind) => {
    const of = (relevance: Relevance): string =>
      mean(relevance.queries.filter((query) => query.kind === kind).map(({ ndcg }) => ndcg));
    const count = postgres.queries.filter((query) => query.kind === kind).length;
    return [kind, String(count), of(postgres), of(opensearch)];
  });
  const all = [
    'all',
    String(postgres.queries.length),
    postgres.mean.toFixed(digits),
    opensearch.mean.toFixed(digits),
  ];
  return [
    `nDCG@10 over ${postgres.events} events:`,
    '',
    table([['queries', 'number', 'PostgreSQL', 'OpenSearch'], ...rows, all]),
    '',
    'The least good ones:',
    '',
    table([['query', 'PostgreSQL', 'OpenSearch'], ...worst(postgres, opensearch)]),
  ].join('\n');
}

function worst(postgres: Relevance, opensearch: Relevance): string[][] {
  const pairs = postgres.queries.map((query, at) => ({
    typed: query.typed,
    one: query.ndcg,
    other: opensearch.queries[at]?.ndcg ?? 0,
  }));
  return pairs
    .toSorted((a, b) => Math.min(a.one, a.other) - Math.min(b.one, b.other))
    .slice(0, namedQueries)
    .map(({ typed, one, other }) => [`\`${typed}\``, one.toFixed(digits), other.toFixed(digits)]);
}

function mean(numbers: readonly number[]): string {
  return (numbers.reduce((sum, one) => sum + one, 0) / numbers.length).toFixed(digits);
}

/** Laid out as the formatter would do it. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => [...(row[column] ?? '')].length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join(
    '\n',
  );
}
