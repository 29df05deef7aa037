/** The tables of all results, in Markdown: medians, with the range where there were several runs. Pure. */
import type { LatencySummary } from 'evently/generator/latency';
import { formatCount, formatMs } from 'evently/screen/table';
import { groupBy, spreadOf } from '../analysis/spread.ts';
import { slowestBatchMs } from '../measure/exposition.ts';
import { isCalls, isSale, isSkipped, type CallResult, type Result, type SaleResult } from '../result.ts';
import { formatPercent, formatSpread, markdownTable } from './markdown.ts';

type Column<T> = {
  title: string;
  /** Null where it was not measured or means nothing. */
  value: (result: T) => number | null | undefined;
  format: (value: number) => string;
};
type Percentile = 'p50' | 'p90' | 'p99' | 'p999' | 'max';

const at = (summary: LatencySummary, percentile: Percentile): number | null =>
  summary.count === 0 ? null : summary[percentile];
const small = (value: number): string => value.toFixed(3);
const seconds = (value: number): string => value.toFixed(1);
const whole = (value: number): string => value.toFixed(0);

const saleColumns: readonly Column<SaleResult>[] = [
  { title: 'offered', value: ({ load }) => load.offered, format: formatCount },
  { title: 'started', value: ({ load }) => load.started, format: formatCount },
  { title: 'sold', value: ({ sold }) => sold, format: formatCount },
  { title: 'sold/s', value: ({ soldPerSecond }) => soldPerSecond, format: formatCount },
  { title: 'answers/s', value: ({ answersPerSecond }) => answersPerSecond, format: formatCount },
  { title: 'fill', value: ({ fill }) => fill, format: formatPercent },
  { title: 'oversold', value: ({ oversold }) => oversold, format: formatCount },
  { title: 'shed', value: ({ shed }) => shed, format: formatCount },
  { title: 'unanswered', value: ({ load }) => load.timedOut + load.disconnected, format: formatCount },
  { title: 'database away', value: ({ unavailable }) => unavailable, format: formatCount },
  { title: 'sold out after', value: ({ soldOutMs }) => soldOutMs, format: formatMs },
  { title: 'winners p50', value: ({ winners }) => at(winners, 'p50'), format: formatMs },
  { title: 'p90', value: ({ winners }) => at(winners, 'p90'), format: formatMs },
  { title: 'p99', value: ({ winners }) => at(winners, 'p99'), format: formatMs },
  { title: 'p99.9', value: ({ winners }) => at(winners, 'p999'), format: formatMs },
  { title: 'max', value: ({ winners }) => at(winners, 'max'), format: formatMs },
  { title: 'losers p50', value: ({ losers }) => at(losers, 'p50'), format: formatMs },
  { title: 'p90', value: ({ losers }) => at(losers, 'p90'), format: formatMs },
  { title: 'p99', value: ({ losers }) => at(losers, 'p99'), format: formatMs },
  { title: 'p99.9', value: ({ losers }) => at(losers, 'p999'), format: formatMs },
  { title: 'max', value: ({ losers }) => at(losers, 'max'), format: formatMs },
  { title: 'recovery', value: ({ recoveryMs }) => recoveryMs, format: formatMs },
  { title: 'late starts', value: ({ load }) => load.lateStarts, format: formatCount },
  { title: 'unfair pairs', value: ({ fairness }) => fairness.share, format: formatPercent },
  { title: 'longest overtaking', value: ({ fairness }) => fairness.longestOvertakingMs, format: formatMs },
];

const costColumns: readonly Column<SaleResult>[] = [
  { title: 'us/sale', value: (result) => result.cpuMicrosecondsPerSale, format: formatCount },
  { title: 'us/answer', value: (result) => result.cpuMicrosecondsPerAnswer, format: formatCount },
  { title: 'server CPU s', value: ({ cpuSeconds }) => cpuSeconds.servers, format: seconds },
  { title: 'PostgreSQL CPU s', value: ({ cpuSeconds }) => cpuSeconds.postgres, format: seconds },
  { title: 'generator CPU s', value: ({ cpuSeconds }) => cpuSeconds.generator, format: seconds },
  { title: 'batch', value: meanBatch, format: whole },
  {
    title: 'slowest batch, at most',
    value: ({ batches }) => (batches === null ? null : slowestBatchMs(batches)),
    format: (ms) => (Number.isFinite(ms) ? formatMs(ms) : 'over 1 s'),
  },
  { title: 'conflicts', value: ({ batches }) => batches?.conflicts, format: formatCount },
  { title: 'commits/sale', value: (result) => result.commitsPerSale, format: small },
  { title: 'flushes/sale', value: (result) => result.flushesPerSale, format: small },
  { title: 'log bytes/sale', value: (result) => result.walBytesPerSale, format: formatCount },
  { title: 'server MiB', value: ({ memoryMb }) => memoryMb[0]?.most, format: whole },
  { title: 'generator MiB', value: (result) => result.generatorMemoryMb, format: whole },
];

const callColumns: readonly Column<CallResult>[] = [
  { title: 'offered', value: ({ load }) => load.offered, format: formatCount },
  { title: 'served', value: ({ served }) => served, format: formatCount },
  { title: 'served/s', value: ({ servedPerSecond }) => servedPerSecond, format: formatCount },
  { title: 'p50', value: ({ latency }) => at(latency, 'p50'), format: formatMs },
  { title: 'p90', value: ({ latency }) => at(latency, 'p90'), format: formatMs },
  { title: 'p99', value: ({ latency }) => at(latency, 'p99'), format: formatMs },
  { title: 'p99.9', value: ({ latency }) => at(latency, 'p999'), format: formatMs },
  { title: 'max', value: ({ latency }) => at(latency, 'max'), format: formatMs },
  { title: 'late starts', value: ({ load }) => load.lateStarts, format: formatCount },
  { title: 'us/call', value: (result) => result.cpuMicrosecondsPerCall, format: formatCount },
  { title: 'server CPU s', value: ({ cpuSeconds }) => cpuSeconds.servers, format: seconds },
  { title: 'PostgreSQL CPU s', value: ({ cpuSeconds }) => cpuSeconds.postgres, format: seconds },
  { title: 'generator CPU s', value: ({ cpuSeconds }) => cpuSeconds.generator, format: seconds },
  { title: 'batch', value: meanBatch, format: whole },
  { title: 'commits/call', value: (result) => result.commitsPerCall, format: small },
  { title: 'flushes/call', value: (result) => result.flushesPerCall, format: small },
  { title: 'log bytes/call', value: (result) => result.walBytesPerCall, format: formatCount },
  { title: 'server MiB', value: ({ memoryMb }) => memoryMb[0]?.most, format: whole },
];

/** Requests in the average batch; null without batches. */
export function meanBatch({ batches }: Pick<SaleResult, 'batches'>): number | null {
  return batches === null || batches.batches === 0 ? null : batches.requests / batches.batches;
}

/** What was sold and how long it took: one row for each variant, in the order they were measured. */
export function renderSales(results: readonly Result[]): string {
  return renderRows('Sales', results.filter(isSale), saleColumns);
}

/** What the same sales cost. */
export function renderCosts(results: readonly Result[]): string {
  return renderRows('What they cost', results.filter(isSale), costColumns);
}

export function renderCalls(results: readonly Result[]): string {
  return renderRows('Other requests', results.filter(isCalls), callColumns);
}

function renderRows<T extends SaleResult | CallResult>(
  title: string,
  results: readonly T[],
  columns: readonly Column<T>[],
): string {
  if (results.length === 0) return '';
  const groups = [...groupBy(results, ({ profile, variant }) => `${profile}/${variant}`).values()];
  const rows = groups.map((runs) => {
    const [first] = runs;
    const cells = columns.map(({ value, format }) => {
      const values = runs.map(value).filter((one) => typeof one === 'number');
      const spread = spreadOf(values);
      return spread === null ? '' : formatSpread(spread, format);
    });
    return first === undefined
      ? []
      : [first.profile, first.variant, arrivalsOf(first), tellAnswers(runs), ...cells, verdictOf(runs)];
  });
  const head = [
    'profile',
    'measurement',
    'arrivals',
    'answers',
    ...columns.map((column) => column.title),
    'verify',
  ];
  return `## ${title}\n\n${markdownTable(head, 4, rows)}`;
}

/** "900 x 200, 100 x 409": those of all runs together. */
function tellAnswers(runs: readonly Pick<SaleResult, 'answers'>[]): string {
  const answers = new Map<string, number>();
  for (const [status, count] of runs.flatMap((one) => Object.entries(one.answers))) {
    answers.set(status, (answers.get(status) ?? 0) + count);
  }
  return [...answers].map(([status, count]) => `${formatCount(count)} x ${status}`).join(', ');
}

function verdictOf(runs: readonly (SaleResult | CallResult)[]): string {
  const faulty = runs.filter((result) => result.faults.length > 0).length;
  if (faulty > 0) return `${faulty} FAULTY`;
  if (runs.some((result) => isSale(result) && result.writtenLater !== undefined)) return 'not durable';
  return runs.some((result) => result.brokenInvariants === null) ? 'no database' : 'clean';
}

function arrivalsOf({ arrivals }: SaleResult | CallResult): string {
  if (arrivals.kind === 'maximum') return `closed loop, ${arrivals.connections} at once`;
  return `${formatCount(arrivals.perSecond)}/s${arrivals.kind === 'poisson' ? ' Poisson' : ''}`;
}

/** What went on beside a sale, by kind of request: all runs' answers, medians of percentiles. Empty without any. */
export function renderBesides(results: readonly Result[]): string {
  const entries = results.filter(isSale).flatMap(({ besides = {} }) => Object.entries(besides));
  if (entries.length === 0) return '';
  const rows = [...groupBy(entries, ([kind]) => kind)].map(([kind, runs]) => {
    const told = tellAnswers(runs.map(([, one]) => one));
    const cells = (['p50', 'p99', 'p999'] as const).map((percentile) => {
      const spread = spreadOf(runs.map(([, one]) => one.latency[percentile]));
      return spread === null ? '' : formatSpread(spread, formatMs);
    });
    return [kind, told, ...cells];
  });
  const head = ['request', 'answers', 'p50', 'p99', 'p99.9'];
  return `## Beside the hot sale\n\n${markdownTable(head, 2, rows)}`;
}

/** Designs that answer before they store: what was at risk, with the settings of the store. Empty without any. */
export function renderWrittenLater(results: readonly Result[]): string {
  const late = results.filter(isSale).filter(({ writtenLater }) => writtenLater !== undefined);
  if (late.length === 0) return '';
  const rows = [...groupBy(late, ({ variant }) => variant)].map(([variant, runs]) => {
    const most = spreadOf(runs.flatMap(({ writtenLater }) => writtenLater?.mostNotStored ?? []));
    const notStored = spreadOf(runs.flatMap(({ writtenLater }) => writtenLater?.notStored ?? []));
    const after = spreadOf(runs.flatMap(({ writtenLater }) => writtenLater?.storedAfterMs ?? []));
    const settings = Object.entries(runs[0]?.writtenLater?.settings ?? {});
    return [
      variant,
      settings.map(([name, value]) => `${name} ${value === '' ? 'none' : value}`).join(', '),
      most === null ? '' : formatSpread(most, formatCount),
      notStored === null ? '' : formatSpread(notStored, formatCount),
      after === null ? 'not within a minute' : formatSpread(after, formatMs),
    ];
  });
  const head = [
    'design',
    'settings',
    'acknowledged and not stored, at most',
    'at the last answer',
    'all stored after',
  ];
  return `## Answered before it was stored\n\nNot durable at the answer: a crash of the process loses what is not in PostgreSQL then, a crash of Redis what its settings do not keep.\n\n${markdownTable(head, 2, rows)}`;
}

/** What could not be measured here, by name. Empty when everything could. */
export function renderSkipped(results: readonly Result[]): string {
  const skipped = [...groupBy(results.filter(isSkipped), ({ profile, variant }) => `${profile}: ${variant}`)];
  if (skipped.length === 0) return '';
  const lines = skipped.map(([name, runs]) => `- ${name}: ${runs[0]?.reason ?? ''}`);
  return `## Skipped\n\n${lines.join('\n')}`;
}
