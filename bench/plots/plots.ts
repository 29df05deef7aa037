/** The plots of a benchmark: throughput and latency against the arrival rate, and the designs side by side. */
import { formatCount } from 'evently/screen/table';
import { groupBy, spreadOf } from '../analysis/spread.ts';
import { ownTitle } from '../profiles/titles.ts';
import type { SaleResult } from '../result.ts';
import { drawBars, type Bar } from './bar-plot.ts';
import { drawLines, type Point, type Series } from './line-plot.ts';

/** What a plot says about how it was measured. */
export type Caption = { cores: number; runs: number };

/** File names with their SVG text; a plot whose profile was not run is left out. */
export function drawPlots(results: readonly SaleResult[], caption: Caption): ReadonlyMap<string, string> {
  const steps = results.filter(({ profile, variant }) => profile === 'load' && variant.startsWith('ramp'));
  const designs = results.filter(({ profile }) => profile === 'strategies');
  const processes = results.filter(({ profile }) => profile === 'pods');
  return new Map([
    ...(steps.length === 0
      ? []
      : [
          ['throughput.svg', drawThroughput(steps, caption)] as const,
          ['latency.svg', drawLatency(steps, caption)] as const,
        ]),
    ...(designs.length === 0 ? [] : [['strategies.svg', drawDesigns(designs, caption)] as const]),
    ...(processes.length === 0 ? [] : [['processes.svg', drawProcesses(processes, caption)] as const]),
  ]);
}

function measuredOn({ cores, runs }: Caption): string {
  const times = runs === 1 ? 'one run' : `median and range of ${runs} runs`;
  return `${cores} cores shared by server, PostgreSQL and generator; every sale fsynced; ${times}`;
}

function pointsOf(steps: readonly SaleResult[], value: (result: SaleResult) => number): readonly Point[] {
  const byRate = groupBy(steps, ({ arrivals }) => String(rateOf(arrivals)));
  return [...byRate].flatMap(([rate, runs]) => {
    const y = spreadOf(runs.map(value));
    return y === null ? [] : [{ x: Number(rate), y }];
  });
}

function rateOf(arrivals: SaleResult['arrivals']): number {
  return arrivals.kind === 'maximum' ? 0 : arrivals.perSecond;
}

function drawThroughput(steps: readonly SaleResult[], caption: Caption): string {
  return drawLines({
    title: 'Seats sold per second, one event',
    subtitle: measuredOn(caption),
    x: { title: 'arrivals per second, open loop, each buyer with a new token' },
    y: { title: 'sold per second', logarithmic: false },
    series: [{ name: 'sold', points: pointsOf(steps, ({ soldPerSecond }) => soldPerSecond) }],
    ideal: 'every arrival served at once',
  });
}

function drawLatency(steps: readonly SaleResult[], caption: Caption): string {
  const series: Series[] = [
    { name: 'p50', points: pointsOf(steps, ({ winners }) => winners.p50) },
    { name: 'p99', points: pointsOf(steps, ({ winners }) => winners.p99) },
    { name: 'p99.9', points: pointsOf(steps, ({ winners }) => winners.p999) },
  ];
  return drawLines({
    title: 'From the intended arrival to the durable answer',
    subtitle: measuredOn(caption),
    x: { title: 'arrivals per second, open loop' },
    y: { title: 'milliseconds', logarithmic: true },
    series,
  });
}

function drawDesigns(designs: readonly SaleResult[], caption: Caption): string {
  const bars = [...groupBy(designs, ({ variant }) => variant)].flatMap(([name, runs]) => barOf(name, runs));
  return drawBars({
    title: 'Seats sold per second by design, in the same HTTP stack',
    subtitle: `closed loop; ${measuredOn(caption)}`,
    bars: bars
      .toSorted((a, b) => b.value.median - a.value.median)
      .map((bar) => ({ ...bar, emphasized: bar.name === ownTitle })),
  });
}

function drawProcesses(processes: readonly SaleResult[], caption: Caption): string {
  const bars = [...groupBy(processes, ({ variant }) => variant)].flatMap(([name, runs]) => barOf(name, runs));
  return drawBars({
    title: 'Seats of one event sold per second by several booking processes',
    subtitle: `open loop beyond the knee; ${measuredOn(caption)}`,
    bars: bars.map((bar) => ({ ...bar, emphasized: true })),
  });
}

function barOf(name: string, runs: readonly SaleResult[]): Bar[] {
  const value = spreadOf(runs.map(({ soldPerSecond }) => soldPerSecond));
  const fill = spreadOf(runs.map((result) => result.fill));
  if (value === null || fill === null) return [];
  const house = fill.median < 1 ? `, ${(100 * fill.median).toFixed(1)} % full` : '';
  return [{ name, value, emphasized: false, note: `${formatCount(value.median)}/s${house}` }];
}
