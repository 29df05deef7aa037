import { expect, test } from 'vitest';
import { drawBars } from './bar-plot.ts';
import { drawLines } from './line-plot.ts';
import { drawPlots } from './plots.ts';

const spread = (median: number) => ({ median, least: median * 0.9, most: median * 1.1, runs: 5 });

test('a line plot names its axes and draws each series with its range', () => {
  const svg = drawLines({
    title: 'Sold & <kept>',
    subtitle: 'five runs',
    x: { title: 'arrivals' },
    y: { title: 'milliseconds', logarithmic: true },
    series: ['p50', 'p99'].map((name, at) => ({
      name,
      points: [1_000, 2_000].map((x) => ({ x, y: spread(x / 10 ** at) })),
    })),
  });
  for (const part of ['Sold &amp; &lt;kept&gt;', 'arrivals', 'milliseconds', 'p50', 'p99'])
    expect(svg).toContain(part);
  expect(svg.match(/<circle/g)).toHaveLength(6);
  expect(svg).not.toContain('NaN');
});

test('bars keep their order and grow with their values', () => {
  const svg = drawBars({
    title: 'Designs',
    subtitle: '',
    bars: [40, 10].map((value) => ({
      name: `design ${value}`,
      value: spread(value),
      emphasized: false,
      note: '',
    })),
  });
  const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map((match) => Number(match[1]));
  expect(widths[0]).toBeCloseTo((widths[1] ?? 0) * 4, 0);
  expect(svg.indexOf('design 40')).toBeLessThan(svg.indexOf('design 10'));
});

test('without results there is nothing to draw', () => {
  expect(drawPlots([], { cores: 2, runs: 1 }).size).toBe(0);
});
