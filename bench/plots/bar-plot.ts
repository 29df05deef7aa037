/** Bars below each other: one value for each of several designs, in the order given. Pure. */
import type { Spread } from '../analysis/spread.ts';
import { linearScale } from './scale.ts';
import { frame, line, page, palette, round, shortNumber, svgPage, text } from './svg.ts';

export type Bar = { name: string; value: Spread; emphasized: boolean; note: string };
export type BarPlot = { title: string; subtitle: string; bars: readonly Bar[] };

const barHeight = 30;
const gap = 18;
const labelWidth = 236;
const noteWidth = 176;
const ticks = 5;
const capHeight = 10;
const quiet = '#9aa5b4';

/** The bar is the median; a whisker shows the least and the most of the runs. */
export function drawBars(plot: BarPlot): string {
  const { bars } = plot;
  const left = frame.left - 56 + labelWidth;
  const right = page.width - frame.right - noteWidth;
  const bottom = frame.top + bars.length * (barHeight + gap);
  const scale = linearScale(Math.max(...bars.map(({ value }) => value.most), 0), left, right, ticks);
  return svgPage(
    plot.title,
    plot.subtitle,
    [
      ...scale.ticks.flatMap((tick) => [
        line(scale.at(tick), frame.top - 8, scale.at(tick), bottom, 'grid'),
        text(scale.at(tick), bottom + 20, shortNumber(tick), { anchor: 'middle' }),
      ]),
      line(left, frame.top - 8, left, bottom, 'axis'),
      ...bars.map((bar, at) => drawBar(bar, frame.top + at * (barHeight + gap), left, scale.at)),
    ],
    bottom + frame.bottom / 2,
  );
}

function drawBar(bar: Bar, top: number, left: number, at: (value: number) => number): string {
  const { median, least, most, runs } = bar.value;
  const colour = bar.emphasized ? (palette[0] ?? quiet) : quiet;
  const middle = top + barHeight / 2;
  const width = Math.max(1, at(median) - left);
  const whisker =
    runs < 2
      ? []
      : [
          line(at(least), middle, at(most), middle, 'whisker'),
          line(at(least), middle - capHeight / 2, at(least), middle + capHeight / 2, 'whisker'),
          line(at(most), middle - capHeight / 2, at(most), middle + capHeight / 2, 'whisker'),
        ];
  return [
    text(left - 12, middle + 4, bar.name, { anchor: 'end', ...(bar.emphasized ? { kind: 'strong' } : {}) }),
    `<rect x="${round(left)}" y="${round(top)}" width="${round(width)}" height="${barHeight}" rx="3" fill="${colour}"/>`,
    ...whisker,
    text(at(most) + 12, middle + 4, bar.note, { kind: 'strong' }),
  ].join('\n');
}
