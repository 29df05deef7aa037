/** The plots of a benchmark: throughput and latency against the arrival rate, designs, processes, memory. */
import { formatCount } from 'evently/screen/table';
import { isHeld, kneeOf, type Step } from '../analysis/knee.ts';
import { groupBy, spreadOf } from '../analysis/spread.ts';
import { ownTitle } from '../profiles/titles.ts';
import { isCalls, isSale, type CallResult, type Result, type SaleResult } from '../result.ts';
import { drawBars, type Bar } from './bar-plot.ts';
import { drawLines, type Point, type Series } from './line-plot.ts';

/** What a plot says about how it was measured. */
export type Caption = { cores: number; runs: number };

type Draw<T> = (results: readonly T[], caption: Caption) => string;
type Plot = { file: string; draw: () => string; empty: boolean };

/** File names with their SVG text; a plot whose profile was not run is left out. */
export function drawPlots(results: readonly Result[], caption: Caption): ReadonlyMap<string, string> {
  const sales = results.filter(isSale);
  const ofProfile = (profile: string): SaleResult[] => sales.filter((sale) => sale.profile === profile);
  const steps = ofProfile('load').filter(({ variant }) => variant.startsWith('ramp'));
  const plot = <T>(file: string, found: readonly T[], draw: Draw<T>): Plot => ({
    file,
    draw: () => draw(found, caption),
    empty: found.length === 0,
  });
  const plots = [
    plot('throughput.svg', steps, drawThroughput),
    plot('latency.svg', steps, drawLatency),
    plot('strategies.svg', ofProfile('strategies'), drawDesigns),
    plot('processes.svg', ofProfile('pods'), drawProcesses),
    plot('table-size.svg', ofProfile('table-size'), drawTables),
    plot('memory.svg', ofProfile('memory'), drawMemory),
    plot('calls.svg', results.filter(isCalls), drawCalls),
  ];
  return new Map(plots.filter(({ empty }) => !empty).map(({ file, draw }) => [file, draw()]));
}

function measuredOn({ cores, runs }: Caption): string {
  const times = runs === 1 ? 'one run' : `median and range of ${runs} runs`;
  return `${cores} cores shared by servers, PostgreSQL and generator; fsync on; ${times}`;
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

/** The median of the knees of the runs; no mark when no run held its first rate. */
function kneeMarks(steps: readonly SaleResult[]): readonly { x: number; name: string }[] {
  const knees = [...groupBy(steps, ({ run }) => String(run)).values()].map((run) =>
    kneeOf(run.map((result): Step => ({ ratePerSecond: rateOf(result.arrivals), held: isHeld(result) }))),
  );
  const knee = spreadOf(knees)?.median ?? 0;
  return knee === 0 ? [] : [{ x: knee, name: `the knee, ${formatCount(knee)}/s` }];
}

function drawThroughput(steps: readonly SaleResult[], caption: Caption): string {
  return drawLines({
    title: 'Seats sold per second, one event',
    subtitle: measuredOn(caption),
    x: { title: 'arrivals per second, open loop, each buyer with a new token' },
    y: { title: 'sold per second', logarithmic: false },
    series: [{ name: 'sold', points: pointsOf(steps, ({ soldPerSecond }) => soldPerSecond) }],
    ideal: 'every arrival served at once',
    marks: kneeMarks(steps),
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
    marks: kneeMarks(steps),
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

function drawTables(sales: readonly SaleResult[], caption: Caption): string {
  // Whichever size came first in the first run.
  const sizes = [...groupBy(sales, ({ variant }) => variant)].toSorted(
    ([a], [b]) => a.length - b.length || a.localeCompare(b),
  );
  return drawBars({
    title: 'Seats sold per second, by the bookings that the tables already hold',
    subtitle: `closed loop; ${measuredOn(caption)}`,
    bars: sizes.flatMap(([name, runs]) => barOf(name, runs)).map((bar) => ({ ...bar, emphasized: true })),
  });
}

function drawCalls(calls: readonly CallResult[], caption: Caption): string {
  const most = calls.filter(({ arrivals }) => arrivals.kind === 'maximum');
  const bars = [...groupBy(most, ({ profile }) => profile)].flatMap(([name, runs]) => {
    const value = spreadOf(runs.map(({ servedPerSecond }) => servedPerSecond));
    if (value === null) return [];
    return [{ name, value, emphasized: true, note: `${formatCount(value.median)}/s` }];
  });
  return drawBars({
    title: 'Other requests served per second, through the gateway',
    subtitle: `closed loop; ${measuredOn(caption)}`,
    bars,
  });
}

// The limits of the target, in MiB.
const memoryLevels = [
  { y: 250, name: 'floor, 250 MB' },
  { y: 150, name: 'goal, 150 MB' },
];

function drawMemory(sales: readonly SaleResult[], caption: Caption): string {
  const spans = sales.flatMap(({ memoryMb }) => memoryMb[0] ?? []);
  const longest = Math.max(...spans.map(({ samples }) => samples.length), 0);
  const points = Array.from({ length: longest }, (_, at): Point[] => {
    const y = spreadOf(spans.flatMap(({ samples }) => samples[at] ?? []));
    return y === null ? [] : [{ x: (at * (spans[0]?.everyMs ?? 0)) / 1_000, y }];
  }).flat();
  const rate = Math.max(...sales.map(({ arrivals }) => rateOf(arrivals)), 0);
  return drawLines({
    title: `Memory of the booking process at ${formatCount(rate)} arrivals per second`,
    subtitle: measuredOn(caption),
    x: { title: 'seconds' },
    y: { title: 'resident MiB', logarithmic: false },
    series: [{ name: 'resident', points }],
    levels: memoryLevels,
  });
}

function barOf(name: string, runs: readonly SaleResult[]): Bar[] {
  const value = spreadOf(runs.map(({ soldPerSecond }) => soldPerSecond));
  const fill = spreadOf(runs.map((result) => result.fill));
  if (value === null || fill === null) return [];
  const house = fill.median < 1 ? `, ${(100 * fill.median).toFixed(1)} % full` : '';
  const durable = runs.some(({ writtenLater }) => writtenLater !== undefined) ? ', not durable' : '';
  return [{ name, value, emphasized: false, note: `${formatCount(value.median)}/s${house}${durable}` }];
}
