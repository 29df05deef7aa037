/** Lines over a number: one value against another, for several runs. Pure. */
import type { Spread } from '../analysis/spread.ts';
import { linearScale, logScale, type Scale } from './scale.ts';
import { frame, line, page, palette, round, shortNumber, svgPage, text } from './svg.ts';

export type Point = { x: number; y: Spread };
export type Series = { name: string; points: readonly Point[] };
export type LinePlot = {
  title: string;
  subtitle: string;
  x: { title: string };
  y: { title: string; logarithmic: boolean };
  series: readonly Series[];
  /** Draws y = x, the line of a platform that keeps up. */
  ideal?: string;
  /** A dashed line across at a value of y, with its name. */
  levels?: readonly { y: number; name: string }[];
  /** A dashed line upwards at a value of x, with its name. */
  marks?: readonly { x: number; name: string }[];
};

const [right, bottom] = [page.width - frame.right, page.height - frame.bottom];
const xTicks = 8;
const yTicks = 5;
// More points than these run into each other when each has a dot.
const mostDots = 40;
const nameGap = 8;

/** The median as a line with dots, and a band from the least to the most of the runs. */
export function drawLines(plot: LinePlot): string {
  const points = plot.series.flatMap((series) => series.points);
  const levels = plot.levels ?? [];
  const most = Math.max(...points.map(({ y }) => y.most), ...levels.map(({ y }) => y), 0);
  const least = Math.min(...points.map(({ y }) => y.least), most);
  const furthest = Math.max(...points.map(({ x }) => x), 0);
  const xScale = linearScale(furthest, frame.left, right, xTicks);
  const yScale = plot.y.logarithmic
    ? logScale(least, most, bottom, frame.top)
    : linearScale(most, bottom, frame.top, yTicks);
  return svgPage(plot.title, plot.subtitle, [
    ...drawAxes(plot, xScale, yScale),
    ...(plot.ideal === undefined ? [] : drawIdeal(plot.ideal, furthest, xScale, yScale)),
    ...levels.flatMap(({ y, name }) => [
      line(frame.left, yScale.at(y), right, yScale.at(y), 'ideal'),
      text(right, yScale.at(y) - nameGap, name, { anchor: 'end', kind: 'subtitle' }),
    ]),
    ...(plot.marks ?? []).flatMap(({ x, name }) => drawMark(xScale.at(x), name)),
    ...plot.series.map((series, at) =>
      drawSeries(series, palette[at % palette.length] ?? '', xScale, yScale),
    ),
    ...drawLegend(plot.series),
  ]);
}

function drawAxes(plot: LinePlot, xScale: Scale, yScale: Scale): string[] {
  return [
    ...yScale.ticks.flatMap((tick) => [
      line(frame.left, yScale.at(tick), right, yScale.at(tick), 'grid'),
      text(frame.left - 10, yScale.at(tick) + 4, shortNumber(tick), { anchor: 'end' }),
    ]),
    ...xScale.ticks.map((tick) =>
      text(xScale.at(tick), bottom + 22, shortNumber(tick), { anchor: 'middle' }),
    ),
    line(frame.left, bottom, right, bottom, 'axis'),
    text((frame.left + right) / 2, bottom + 48, plot.x.title, { anchor: 'middle' }),
    text(frame.left - 56, frame.top - 20, plot.y.title),
  ];
}

/** Its name stands at the foot, on the side that has room. */
function drawMark(x: number, name: string): string[] {
  const middle = (frame.left + right) / 2;
  const [anchor, away] = x > middle ? (['end', -nameGap] as const) : (['start', nameGap] as const);
  return [
    line(x, frame.top, x, bottom, 'ideal'),
    text(x + away, bottom - nameGap, name, { anchor, kind: 'strong' }),
  ];
}

function drawIdeal(name: string, furthest: number, xScale: Scale, yScale: Scale): string[] {
  const highest = yScale.ticks.at(-1) ?? furthest;
  const end = Math.min(furthest, highest);
  return [
    `<path d="M${round(xScale.at(0))} ${round(yScale.at(0))}L${round(xScale.at(end))} ${round(yScale.at(end))}" class="ideal"/>`,
    text(xScale.at(end * 0.5) - 12, yScale.at(end * 0.5) - 12, name, { anchor: 'end', kind: 'subtitle' }),
  ];
}

function drawSeries(series: Series, colour: string, xScale: Scale, yScale: Scale): string {
  const points = series.points.toSorted((a, b) => a.x - b.x);
  const at = (x: number, y: number): string => `${round(xScale.at(x))} ${round(yScale.at(y))}`;
  const middle = points.map(({ x, y }) => at(x, y.median)).join('L');
  const upper = points.map(({ x, y }) => at(x, y.most));
  const lower = points.map(({ x, y }) => at(x, y.least)).toReversed();
  const dotted = points.length > mostDots ? [] : points;
  const dots = dotted.map(
    ({ x, y }) =>
      `<circle cx="${round(xScale.at(x))}" cy="${round(yScale.at(y.median))}" r="4" fill="${colour}"/>`,
  );
  return [
    `<path d="M${[...upper, ...lower].join('L')}Z" fill="${colour}" opacity="0.16"/>`,
    `<path d="M${middle}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-linejoin="round"/>`,
    ...dots,
  ].join('\n');
}

const legendStep = 130;
const legendY = frame.top - 20;

function drawLegend(series: readonly Series[]): string[] {
  if (series.length < 2) return [];
  return series.flatMap(({ name }, at) => {
    const x = right - (series.length - at) * legendStep;
    const colour = palette[at % palette.length] ?? '';
    return [
      `<circle cx="${x}" cy="${legendY - 4}" r="5" fill="${colour}"/>`,
      text(x + 12, legendY, name, { kind: 'strong' }),
    ];
  });
}
