/** The table of all results, in Markdown: medians, with the range where there were several runs. Pure. */
import { formatCount, formatMs } from 'evently/screen/table';
import { groupBy, spreadOf, type Spread } from '../analysis/spread.ts';
import type { SaleResult } from '../result.ts';

type Column = {
  title: string;
  /** Null where it was not measured or means nothing. */
  value: (result: SaleResult) => number | null;
  format: (value: number) => string;
};

const percentile =
  (group: 'winners' | 'losers', at: 'p50' | 'p99' | 'p999') =>
  (result: SaleResult): number | null =>
    result[group].count === 0 ? null : result[group][at];
const percent = (share: number): string => `${(100 * share).toFixed(share > 0 && share < 0.01 ? 3 : 1)} %`;

const columns: readonly Column[] = [
  { title: 'offered', value: ({ load }) => load.offered, format: formatCount },
  { title: 'sold', value: ({ sold }) => sold, format: formatCount },
  { title: 'sold/s', value: ({ soldPerSecond }) => soldPerSecond, format: formatCount },
  { title: 'answers/s', value: ({ answersPerSecond }) => answersPerSecond, format: formatCount },
  { title: 'fill', value: ({ fill }) => fill, format: percent },
  { title: 'shed', value: ({ shed }) => shed, format: formatCount },
  { title: 'database away', value: ({ unavailable }) => unavailable, format: formatCount },
  { title: 'sold out after', value: ({ soldOutMs }) => soldOutMs, format: formatMs },
  { title: 'winners p50', value: percentile('winners', 'p50'), format: formatMs },
  { title: 'p99', value: percentile('winners', 'p99'), format: formatMs },
  { title: 'p99.9', value: percentile('winners', 'p999'), format: formatMs },
  { title: 'losers p50', value: percentile('losers', 'p50'), format: formatMs },
  { title: 'p99', value: percentile('losers', 'p99'), format: formatMs },
  { title: 'recovery', value: ({ recoveryMs }) => recoveryMs, format: formatMs },
  { title: 'late starts', value: ({ load }) => load.lateStarts, format: formatCount },
  { title: 'batch', value: meanBatch, format: (size) => size.toFixed(0) },
  { title: 'conflicts', value: ({ batches }) => batches?.conflicts ?? null, format: formatCount },
  { title: 'commits/sale', value: (result) => result.commitsPerSale, format: (count) => count.toFixed(3) },
  { title: 'us/sale', value: (result) => result.cpuMicrosecondsPerSale, format: formatCount },
  { title: 'us/answer', value: (result) => result.cpuMicrosecondsPerAnswer, format: formatCount },
  { title: 'unfair pairs', value: ({ fairness }) => fairness.share, format: percent },
];

/** Requests in the average batch; null without batches. */
export function meanBatch({ batches }: SaleResult): number | null {
  return batches === null || batches.batches === 0 ? null : batches.requests / batches.batches;
}

/** One row for each variant, in the order they were measured. */
export function renderResults(results: readonly SaleResult[]): string {
  const head = ['profile', 'measurement', 'arrivals', ...columns.map(({ title }) => title), 'verify'];
  const rows = [...groupBy(results, ({ profile, variant }) => `${profile}/${variant}`).values()].map(rowOf);
  return [head, head.map((_, at) => (at < 3 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function rowOf(runs: readonly SaleResult[]): string[] {
  const first = runs[0];
  if (first === undefined) return [];
  const cells = columns.map(({ value, format }) => {
    const spread = spreadOf(runs.map(value).filter((one) => one !== null));
    return spread === null ? '' : formatSpread(spread, format);
  });
  const faults = runs.filter((result) => result.faults.length > 0).length;
  const verdict =
    first.brokenInvariants === null ? 'no database' : faults === 0 ? 'clean' : `${faults} FAULTY`;
  return [first.profile, first.variant, arrivalsOf(first), ...cells, verdict];
}

/** "1,200 (1,100 to 1,300)": the median, and the range when the runs differ. */
export function formatSpread({ median, least, most }: Spread, format: (value: number) => string): string {
  const [low, high] = [format(least), format(most)];
  return low === high ? format(median) : `${format(median)} (${low} to ${high})`;
}

function arrivalsOf({ arrivals }: SaleResult): string {
  if (arrivals.kind === 'maximum') return `closed loop, ${arrivals.connections} at once`;
  return `${formatCount(arrivals.perSecond)}/s${arrivals.kind === 'poisson' ? ' Poisson' : ''}`;
}

/** What went on beside a sale, by kind of request: all runs' answers, medians of percentiles. Empty without any. */
export function renderBesides(results: readonly SaleResult[]): string {
  const entries = results.flatMap(({ besides = {} }) => Object.entries(besides));
  if (entries.length === 0) return '';
  const rows = [...groupBy(entries, ([kind]) => kind)].map(([kind, runs]) => {
    const answers = new Map<string, number>();
    for (const [, one] of runs) {
      for (const [status, count] of Object.entries(one.answers)) {
        answers.set(status, (answers.get(status) ?? 0) + count);
      }
    }
    const told = [...answers].map(([status, count]) => `${formatCount(count)} x ${status}`).join(', ');
    const cells = (['p50', 'p99', 'p999'] as const).map((at) => {
      const spread = spreadOf(runs.map(([, one]) => one.latency[at]));
      return spread === null ? '' : formatSpread(spread, formatMs);
    });
    return [kind, told, ...cells];
  });
  const head = ['beside the sale', 'answers', 'p50', 'p99', 'p99.9'];
  return [head, head.map((_, at) => (at < 2 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
