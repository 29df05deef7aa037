/** What is said at the end of a run: a text for a person, and the same as JSON. Pure. */
import type { Sizes } from './sizes.ts';

/** As k6 hands it to handleSummary. */
export type SummaryInput = {
  state: { testRunDurationMs: number };
  metrics: Readonly<
    Record<
      string,
      {
        type: string;
        values: Readonly<Record<string, number>>;
        thresholds?: Readonly<Record<string, { ok: boolean }>>;
      }
    >
  >;
};
export type Threshold = { metric: string; expression: string; ok: boolean };
export type Summary = {
  script: string;
  passed: boolean;
  base_url: string;
  sizes: Sizes;
  seconds: number;
  arrivals: number;
  dropped_iterations: number;
  outcomes: Record<string, number>;
  /** Null for a script that does not sell. */
  house: { seats: number; taken: number } | null;
  latency_ms: Record<string, Record<string, number>>;
  thresholds: Threshold[];
};

export type SummarySubject = { script: string; baseUrl: string; sizes: Sizes; summaryFile: string };

const outcomes = ['sold', 'sold_out', 'shed', 'failed', 'confirmed', 'cancelled', 'read'];
const ownTrend = /^([a-z]+)_ms$/;
const columns = ['med', 'p(90)', 'p(99)', 'p(99.9)', 'max', 'count'];

/** For k6's handleSummary: the text on standard output, the JSON in the script's file. */
export function summarize(subject: SummarySubject, input: SummaryInput): Record<string, string> {
  const summary = summaryOf(subject, input);
  return {
    stdout: `\n${textOf(summary)}\nAll of it as JSON: ${subject.summaryFile}\n`,
    [subject.summaryFile]: `${JSON.stringify(summary, null, 2)}\n`,
  };
}

export function summaryOf(subject: SummarySubject, { state, metrics }: SummaryInput): Summary {
  const valueOf = (metric: string, name: string): number => metrics[metric]?.values[name] ?? 0;
  const inOrder = Object.entries(metrics).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const thresholds = inOrder.flatMap(([metric, { thresholds: own }]) =>
    Object.entries(own ?? {}).map(([expression, { ok }]) => ({ metric, expression, ok })),
  );
  return {
    script: subject.script,
    passed: thresholds.length > 0 && thresholds.every(({ ok }) => ok),
    base_url: subject.baseUrl,
    sizes: subject.sizes,
    seconds: state.testRunDurationMs / 1_000,
    arrivals: valueOf('iterations', 'count'),
    dropped_iterations: valueOf('dropped_iterations', 'count'),
    outcomes: Object.fromEntries(outcomes.map((name) => [name, valueOf(name, 'count')])),
    house:
      metrics['house_seats'] === undefined
        ? null
        : { seats: valueOf('house_seats', 'value'), taken: valueOf('house_taken', 'value') },
    latency_ms: Object.fromEntries(
      inOrder.flatMap(([metric, { values }]) => {
        const name = ownTrend.exec(metric)?.[1];
        return name === undefined || (values['count'] ?? 0) === 0 ? [] : [[name, { ...values }]];
      }),
    ),
    thresholds,
  };
}

export function textOf(summary: Summary): string {
  const { house } = summary;
  const counted = Object.entries(summary.outcomes).filter(
    ([name, count]) => count > 0 || name === 'failed' || (name === 'sold' && house !== null),
  );
  const lines = [
    `${summary.script}: ${summary.passed ? 'passed' : 'FAILED'}, ${summary.seconds.toFixed(1)} s against ${summary.base_url}`,
    '',
    row('arrivals', summary.arrivals),
    row('dropped', summary.dropped_iterations),
    ...counted.map(([name, count]) => row(name.replace('_', ' '), count)),
    ...(house === null
      ? []
      : [`  ${'house'.padEnd(14)}${grouped(house.taken)} of ${grouped(house.seats)} seats taken`]),
    '',
    `  ${'latency, ms'.padEnd(14)}${columns.map((name) => name.replace('med', 'p(50)').padStart(10)).join('')}`,
    ...Object.entries(summary.latency_ms).map(
      ([name, values]) =>
        `  ${name.padEnd(14)}${columns.map((column) => cell(column, values[column] ?? 0).padStart(10)).join('')}`,
    ),
    '',
    '  thresholds',
    ...summary.thresholds.map(
      ({ metric, expression, ok }) => `  ${ok ? 'ok    ' : 'FAILED'}  ${metric} ${expression}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function row(name: string, count: number): string {
  return `  ${name.padEnd(14)}${grouped(count)}`;
}

function cell(column: string, value: number): string {
  return column === 'count' ? grouped(value) : value.toFixed(1);
}

/** k6 has no Intl: thousands are set apart by hand. */
function grouped(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
