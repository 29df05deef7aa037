import { expect, test } from 'vitest';
import { callResult, saleResult } from '../example-results.ts';
import {
  atOneProcess,
  herdTitle,
  maximumTitle,
  openLoopTitle,
  ownTitle,
  processesTitle,
  steadyTitle,
  strategyTitles,
  tableTitle,
} from '../profiles/titles.ts';
import type { Result, SaleResult } from '../result.ts';
import { judgeTargets, renderTargets } from './targets.ts';

const sale = (profile: string, variant: string, changes: Partial<SaleResult> = {}): SaleResult =>
  saleResult({ profile, variant, ...changes });
const even = (perSecond: number) => ({ kind: 'even', perSecond }) as const;

function verdictOf(what: string, results: readonly Result[]): [string, string] {
  const row = judgeTargets(results, true).find((target) => target.what.startsWith(what));
  if (row === undefined) throw new Error(`no target "${what}"`);
  return [row.verdict, row.measured];
}

test('what no profile measured is said to be not measured', () => {
  const verdicts = new Set(judgeTargets([], true).map(({ verdict }) => verdict));
  expect(verdicts).toEqual(new Set(['not measured in this run']));
  expect(renderTargets(judgeTargets([], true)).match(/not measured in this run/g)).toHaveLength(12);
});

test.each([
  [25_000, 'goal met'],
  [15_000, 'floor met'],
  [14_999, 'MISSED'],
])('%i durable sales a second: %s', (soldPerSecond, verdict) => {
  expect(verdictOf('durable sales', [sale('strategies', ownTitle, { soldPerSecond })])[0]).toBe(verdict);
});

test('a target whose runs have a fault is not met, however fast they were', () => {
  const faulty = sale('strategies', ownTitle, { soldPerSecond: 99_000, faults: ['sold twice'] });
  expect(verdictOf('durable sales', [faulty])[0]).toBe('FAULTY');
});

test('a small run is told and not judged', () => {
  const [row] = judgeTargets([sale('strategies', ownTitle)], false);
  expect(row).toMatchObject({ measured: '1,000', verdict: 'a small run, not judged' });
});

test('the median of the runs decides, and the range is told', () => {
  const runs = [26_000, 14_000, 16_000].map((soldPerSecond, at) =>
    sale('strategies', ownTitle, { run: at + 1, soldPerSecond }),
  );
  expect(verdictOf('durable sales', runs)).toEqual(['floor met', '16,000 (14,000 to 26,000)']);
});

test('the empty handler is compared within each run', () => {
  const results = [
    sale('strategies', ownTitle, { soldPerSecond: 30 }),
    sale('strategies', strategyTitles['empty-handler'], { soldPerSecond: 50 }),
  ];
  expect(verdictOf('against the empty', results)).toEqual(['goal met', '60.0 %']);
});

test('10,000 a second counts everyone without a seat at the first request as an error', () => {
  const variant = steadyTitle(10_000, 10);
  const clean = sale('load', variant, { arrivals: even(10_000) });
  expect(verdictOf('10,000 arrivals', [clean])).toEqual(['goal met', '10.0 ms / 12.0 ms / 0']);
  expect(verdictOf('10,000 arrivals', [{ ...clean, shed: 1 }])[0]).toBe('MISSED');
  expect(verdictOf('10,000 arrivals', [{ ...clean, sold: 99 }])[0]).toBe('MISSED');
  const slow = { ...clean, winners: { ...clean.winners, p99: 51 } };
  expect(verdictOf('10,000 arrivals', [slow])[0]).toBe('floor met');
  expect(verdictOf('10,000 arrivals', [{ ...clean, arrivals: even(1_000) }])[0]).toMatch('not measured');
});

test('refusals are held at a rate only when they are as many and in time', () => {
  const losers = { ...saleResult().winners, p99: 20 };
  const storm = (perSecond: number, answersPerSecond: number): SaleResult =>
    sale('storm', `${perSecond}`, { arrivals: even(perSecond), answersPerSecond, losers });
  expect(verdictOf('sold-out', [storm(20_000, 19_990), storm(30_000, 29_900)])[0]).toBe('goal met');
  expect(verdictOf('sold-out', [storm(20_000, 19_990), storm(30_000, 25_000)])[0]).toBe('floor met');
  expect(verdictOf('sold-out', [storm(20_000, 15_000)])[0]).toBe('MISSED');
  const late = { ...storm(20_000, 19_990), losers: { ...losers, p99: 51 } };
  expect(verdictOf('sold-out', [late])[0]).toBe('MISSED');
  const ofProcess = { ...storm(20_000, 19_990), variant: `20,000 arrivals/s${atOneProcess}` };
  expect(verdictOf('sold-out', [ofProcess, storm(20_000, 15_000)])[0]).toBe('floor met');
  expect(verdictOf('sold-out', [{ ...ofProcess, answersPerSecond: 15_000 }, storm(20_000, 19_990)])[0]).toBe(
    'MISSED',
  );
});

test('300 for 299 is exact or missed', () => {
  const herd = sale('herd', herdTitle(300, 299), { sold: 299, soldOutMs: 80 });
  expect(verdictOf('300 for 299', [herd])).toEqual(['goal met', '299, 80.0 ms']);
  expect(verdictOf('300 for 299', [{ ...herd, sold: 298, soldOutMs: null }])[0]).toBe('MISSED');
});

test('several processes and full tables are ratios of the same run', () => {
  const pods = [1_000, 900, 800].map((soldPerSecond, at) =>
    sale('pods', processesTitle([1, 2, 4][at] ?? 0), { soldPerSecond }),
  );
  expect(verdictOf('2 processes', pods)).toEqual(['floor met', '90.0 %']);
  expect(verdictOf('4 processes', pods)).toEqual(['floor met', '80.0 %']);
  const tables = [sale('table-size', tableTitle(10_000)), sale('table-size', tableTitle(1_000_000))];
  expect(verdictOf('1,000,000 bookings', tables)).toEqual(['goal met', '100.0 %']);
});

test('the maximum of confirmations decides, the percentile at the rate stands beside it', () => {
  const runs = [
    callResult({ profile: 'confirm', variant: openLoopTitle, arrivals: even(2_000) }),
    callResult({
      profile: 'confirm',
      variant: maximumTitle,
      servedPerSecond: 2_500,
      arrivals: { kind: 'maximum', connections: 8 },
    }),
  ];
  expect(verdictOf('confirm', runs)).toEqual(['floor met', '2,500; at 2,000/s p99 10.0 ms']);
});

test('memory that grows misses its target however little it is', () => {
  const span = {
    first: 50,
    last: 120,
    most: 120,
    everyMs: 250,
    samples: [50, 60, 70, 80, 90, 100, 110, 120],
  };
  const run = sale('memory', 'example', { arrivals: even(10_000), memoryMb: [span] });
  expect(verdictOf('memory', [run])).toEqual(['MISSED', '120 MB, not flat']);
  const flat = { ...span, samples: [100, 110, 120, 118, 120, 119, 118, 120] };
  expect(verdictOf('memory', [{ ...run, memoryMb: [flat] }])).toEqual(['goal met', '120 MB, flat']);
});
