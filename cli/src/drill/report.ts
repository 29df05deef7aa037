/** The drill's result for a person (a table, one drill per column) and for a program (JSON). */
import path from 'node:path';
import { formatCount, formatMs, renderTable, tint } from '../screen/table.ts';
import type { LatencySummary } from '../generator/latency.ts';
import type { WrittenReport } from '../sale-report/write-report.ts';
import type { DrillResult } from './run-drill.ts';

/** A drill and where its sale report lies, when one was written. */
export type ReportedDrill = DrillResult & { report: WrittenReport | null };
export type SkippedDrill = { name: string; reason: string };

/** One row per measure, one column per drill. */
export function renderDrills(results: readonly DrillResult[]): string {
  const head = [
    '',
    ...results.map(({ spec }) => `${formatCount(spec.buyers)} for ${formatCount(spec.seats)}`),
  ];
  const rows = measures(results).map(([title, read]) => [tint('strong', title), ...results.map(read)]);
  return renderTable(head, rows, { alignRight: results.map((_, column) => column + 1) });
}

type Measure = readonly [title: string, read: (result: DrillResult) => string];

function measures(results: readonly DrillResult[]): Measure[] {
  const reasons = [...new Set(results.flatMap(({ tally }) => Object.keys(tally.refused)))].toSorted();
  const statuses = [...new Set(results.flatMap(({ tally }) => Object.keys(tally.statuses)))].toSorted();
  return [
    ['Seats sold', ({ verdict, spec }) => `${formatCount(verdict.sold)} of ${formatCount(spec.seats)}`],
    [
      'Fill',
      ({ verdict }) =>
        markZero(verdict.fill === 1, `${(Math.floor(verdict.fill * 1_000) / 10).toString()} %`),
    ],
    ['Oversold', ({ verdict }) => markZero(verdict.oversold === 0, formatCount(verdict.oversold))],
    ['Lost', ({ verdict }) => markZero(verdict.lost === 0, formatCount(verdict.lost))],
    ...reasons.map((reason): Measure => [
      `Refused: ${reason.replaceAll('_', ' ')}`,
      ({ tally }) => formatCount(tally.refused[reason] ?? 0),
    ]),
    ...statuses.map((status): Measure => [
      `Answers ${status}`,
      ({ tally }) => formatCount(tally.statuses[status] ?? 0),
    ]),
    ['Winners p50', ({ tally }) => latencyOr(tally.winnerLatency, 'p50')],
    ['        p95', ({ tally }) => latencyOr(tally.winnerLatency, 'p95')],
    ['        p99', ({ tally }) => latencyOr(tally.winnerLatency, 'p99')],
    ['Losers  p50', ({ tally }) => latencyOr(tally.loserLatency, 'p50')],
    ['        p95', ({ tally }) => latencyOr(tally.loserLatency, 'p95')],
    ['        p99', ({ tally }) => latencyOr(tally.loserLatency, 'p99')],
    ['Last seat sold after', ({ tally }) => (tally.sold === 0 ? '-' : formatMs(tally.lastSaleMs))],
    ['Sold per second', ({ soldPerSecond }) => formatCount(soldPerSecond)],
    ['Late starts', ({ load }) => formatCount(load.lateStarts)],
    [
      'Verdict',
      ({ verdict }) => (verdict.faults.length === 0 ? tint('good', 'passed') : tint('bad', 'failed')),
    ],
  ];
}

function markZero(isGood: boolean, text: string): string {
  return tint(isGood ? 'good' : 'bad', text);
}

function latencyOr(latency: LatencySummary, percentile: 'p50' | 'p95' | 'p99'): string {
  return latency.count === 0 ? '-' : formatMs(latency[percentile]);
}

/** The sentences under the table: what was wrong, what was skipped, and the count of both. */
export function concludeDrills(
  results: readonly ReportedDrill[],
  skipped: readonly SkippedDrill[],
): string[] {
  const faults = results.flatMap(({ spec, verdict }) =>
    verdict.faults.map((fault) => tint('bad', `${spec.name}: ${fault}.`)),
  );
  const failed = results.filter(({ verdict }) => verdict.faults.length > 0).length;
  const checked = results.reduce((sum, { readBack }) => sum + readBack.checked, 0);
  return [
    ...faults,
    ...skipped.map(({ name, reason }) => tint('quiet', `${name} was skipped: ${reason}.`)),
    ...(checked === 0 ? [] : [`${formatCount(checked)} winners' bookings were read back one by one.`]),
    ...results.flatMap(({ spec, report }) =>
      report === null ? [] : [`Sale report of ${spec.name}: ${report.address ?? report.html}`],
    ),
    ...results
      .slice(0, 1)
      .flatMap(({ report }) => (report === null ? [] : [`They lie in ${path.dirname(report.html)}.`])),
    `${results.length - failed} passed, ${failed} failed, ${skipped.length} skipped.`,
  ];
}

/** The same for programs; latencies in milliseconds. */
export function drillsAsJson(results: readonly ReportedDrill[], skipped: readonly SkippedDrill[]): object {
  return {
    ok: results.length > 0 && results.every(({ verdict }) => verdict.faults.length === 0),
    drills: results.map(({ spec, eventId, tally, load, readBack, verdict, soldPerSecond, report }) => ({
      name: spec.name,
      event_id: eventId,
      buyers: spec.buyers,
      seats: spec.seats,
      sold: verdict.sold,
      fill: verdict.fill,
      oversold: verdict.oversold,
      lost: verdict.lost,
      refused: tally.refused,
      answers: tally.statuses,
      winners_ms: tally.winnerLatency,
      losers_ms: tally.loserLatency,
      last_sale_ms: tally.lastSaleMs,
      sold_per_second: soldPerSecond,
      read_back: {
        available: readBack.available,
        taken: readBack.reportedTaken,
        bookings_checked: readBack.checked,
      },
      generator: {
        late_starts: load.lateStarts,
        worst_start_ms: load.worstStartMs,
        duration_ms: load.durationMs,
      },
      report,
      faults: verdict.faults,
    })),
    skipped,
  };
}
