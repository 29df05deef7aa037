/** The report's pictures as SVG without a script; letters stand beside them, so that they stay readable when small. */
import { escapeText, formatCount, formatMs, formatSpan } from './markup.ts';
import type { Buyers, Timeline } from './story.ts';

const width = 1_000;
const height = 240;
const ticks = 5;
const maxColumns = 500;

type Plot = { label: string; shapes: string; yLabels: readonly string[]; xLabels: readonly string[] };

/** Shapes fill the box whatever its form; what has a width of its own keeps it. */
function plot({ label, shapes, yLabels, xLabels }: Plot): string {
  const lines = yLabels
    .map((_, at) => `M0 ${Math.round((at * height) / (yLabels.length - 1))}H${width}`)
    .join('');
  const column = (texts: readonly string[]): string =>
    texts.map((text) => `<span>${escapeText(text)}</span>`).join('');
  return (
    `<div class="plot"><div class="y">${column(yLabels)}</div>` +
    `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${escapeText(label)}">` +
    `<path class="grid" d="${lines}"/>${shapes}</svg><div class="x">${column(xLabels)}</div></div>`
  );
}

/** Arrivals as a line; what became of them as bars on top of each other. */
export function drawTimeline({ series, step_ms: stepMs }: Timeline): string {
  const steps = series[0]?.counts.length ?? 0;
  const bars = series.filter(({ name }) => name !== 'arrived');
  const sums = Array.from({ length: steps }, (_, at) =>
    bars.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0),
  );
  const arrived = series.find(({ name }) => name === 'arrived')?.counts ?? [];
  const top = ceiling([...sums, ...arrived]);
  const stepWidth = width / Math.max(1, steps);
  const y = (count: number): number => round(height - (count / top) * height);
  const below = Array.from({ length: steps }, () => 0);
  const shapes = bars.map(({ name, counts }) => {
    const rectangles = counts.map((count, at) => {
      if (count === 0) return '';
      const from = below[at] ?? 0;
      below[at] = from + count;
      return `M${round(at * stepWidth)} ${y(from)}V${y(from + count)}h${round(stepWidth * 0.92)}V${y(from)}z`;
    });
    return `<path class="${name}" d="${rectangles.join('')}"/>`;
  });
  // Steps, as each number is of a length of time and not of a moment.
  const line = arrived.map(
    (count, at) => `${at === 0 ? 'M0 ' : 'V'}${y(count)}H${round((at + 1) * stepWidth)}`,
  );
  return plot({
    label: `What happened in each ${formatSpan(stepMs)}`,
    shapes: `${shapes.join('')}<path class="line" d="${line.join('')}"/>`,
    yLabels: [formatCount(top), formatCount(top / 2), '0'],
    xLabels: scale((share) => formatSpan(share * steps * stepMs)),
  });
}

/** Everybody in order of arrival, at most 500 columns; each is filled by what became of its buyers. */
export function drawOrder({ rows, outcomes }: Buyers): string {
  const columns = Math.max(1, Math.min(maxColumns, rows.length));
  const counts = Array.from({ length: columns }, () => outcomes.map(() => 0));
  for (const [at, [, , outcome]] of rows.entries()) {
    const column = counts[Math.floor((at * columns) / rows.length)];
    if (column !== undefined) column[outcome] = (column[outcome] ?? 0) + 1;
  }
  const columnWidth = width / columns;
  const shapes = outcomes.map((word, outcome) => {
    const parts = counts.map((column, at) => {
      const all = column.reduce((sum, count) => sum + count, 0);
      const own = column[outcome] ?? 0;
      if (own === 0) return '';
      const before = column.slice(0, outcome).reduce((sum, count) => sum + count, 0);
      const from = round(height - (before / all) * height);
      const to = round(height - ((before + own) / all) * height);
      return `M${round(at * columnWidth)} ${from}V${to}h${round(columnWidth + 0.05)}V${from}z`;
    });
    return `<path class="${outcomeClass(word, outcome)}" d="${parts.join('')}"/>`;
  });
  return plot({
    label: 'What became of the buyers, in order of arrival',
    shapes: shapes.join(''),
    yLabels: ['all', 'half', 'none'],
    xLabels: scale((share) =>
      share === 0 ? 'first' : share === 1 ? 'last' : formatCount(share * rows.length),
    ),
  });
}

/** A point for each buyer: when it came, and how long it waited. */
export function drawWaits({ rows, outcomes }: Buyers): string {
  const top = ceiling(rows.map(([, wait]) => wait ?? 0));
  let lastMs = 1;
  for (const [arrived] of rows) lastMs = Math.max(lastMs, arrived);
  const shapes = outcomes.map((word, outcome) => {
    const points = rows
      .filter(([, wait, own]) => own === outcome && wait !== null)
      .map(
        ([arrived, wait]) =>
          `M${round((arrived / lastMs) * width)} ${round(height - ((wait ?? 0) / top) * height)}h0`,
      );
    return `<path class="point ${outcomeClass(word, outcome)}" d="${points.join('')}"/>`;
  });
  return plot({
    label: 'How long each buyer waited, by the time of arrival',
    shapes: shapes.join(''),
    yLabels: [formatMs(top), formatMs(top / 2), '0'],
    xLabels: scale((share) => formatSpan(share * lastMs)),
  });
}

/** One bar, divided by the parts of a mean. */
export function drawParts(parts: readonly { name: string; value: number }[]): string {
  const sum = parts.reduce((total, { value }) => total + value, 0);
  let from = 0;
  const shapes = parts.map(({ name, value }) => {
    const share = sum === 0 ? 0 : (value / sum) * width;
    const shape = `<rect class="${name}" x="${round(from)}" y="0" width="${round(share)}" height="24"/>`;
    from += share;
    return shape;
  });
  return `<svg class="parts" viewBox="0 0 ${width} 24" preserveAspectRatio="none" aria-hidden="true">${shapes.join('')}</svg>`;
}

/** The class that colours an outcome, in every picture and legend alike. */
export function outcomeClass(word: string, at: number): string {
  const own = { taken: 'taken', held: 'taken', sold: 'sold', cancelled: 'ended', expired: 'refused' };
  const known = Object.entries(own).find(([name]) => name === word)?.[1];
  if (known !== undefined) return known;
  if (word === 'timed out' || word === 'disconnected') return 'unanswered';
  return at === 1 ? 'refused' : `refused${Math.min(at, 4)}`;
}

/** Bounded: a spread of many arguments is more than a call takes. */
function ceiling(numbers: readonly number[]): number {
  let top = 0;
  for (const number of numbers) top = Math.max(top, number);
  return top === 0 ? 1 : top;
}

function scale(label: (share: number) => string): string[] {
  return Array.from({ length: ticks }, (_, at) => label(at / (ticks - 1)));
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
