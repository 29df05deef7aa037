/** The picture and the table of the floor simulation. */
import { formatCount } from 'evently/screen/table';
import { drawLines, type Series } from '../plots/line-plot.ts';
import { sales } from './scene.ts';
import { simulateScaling, type Moment, type Scaling, type ScalingResult } from './simulate-scaling.ts';

const names: Readonly<Record<Scaling, string>> = { floor: 'floor', cron: 'cron', metrics: 'metrics only' };
const titles: Readonly<Record<Scaling, string>> = {
  floor: "the operator's floor and metrics",
  cron: 'cron triggers and metrics',
  metrics: 'metrics only',
};
const everySeconds = 5;

export function simulateAll(): readonly ScalingResult[] {
  return (['floor', 'cron', 'metrics'] as const).map(simulateScaling);
}

/** Ready pods over time for each way of scaling, and the pods that the demand takes. */
export function drawFloors(results: readonly ScalingResult[]): string {
  const seriesOf = (name: string, moments: readonly Moment[], value: (moment: Moment) => number): Series => ({
    name,
    points: moments
      .filter(({ second }) => second % everySeconds === 0)
      .map((moment) => ({ x: moment.second / 60, y: exactly(value(moment)) })),
  });
  const [first] = results;
  return drawLines({
    title: 'Ready pods against what two sales take',
    subtitle: 'simulated autoscaler; the sales open a minute apart; pods take 30 to 60 s to be ready',
    x: { title: 'minutes' },
    y: { title: 'pods', logarithmic: false },
    series: [
      ...results.map(({ scaling, moments }) => seriesOf(names[scaling], moments, ({ ready }) => ready)),
      ...(first === undefined ? [] : [seriesOf('demand', first.moments, ({ demandPods }) => demandPods)]),
    ],
    marks: [{ x: (sales[0]?.opensAt ?? 0) / 60, name: 'opening' }],
  });
}

function exactly(value: number): { median: number; least: number; most: number; runs: number } {
  return { median: value, least: value, most: value, runs: 1 };
}

/** A Markdown table, a row for each way of scaling. */
export function tableOf(results: readonly ScalingResult[]): string {
  const rows = results.map((result) => [
    titles[result.scaling],
    formatCount(result.secondsShort),
    formatCount(result.mostPodsShort),
    formatCount(result.beyondCapacity),
    result.podHours.toFixed(1),
  ]);
  const head = [
    'scaled by',
    'seconds short of pods',
    'most pods short',
    'reservations beyond capacity',
    'pod hours',
  ];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
