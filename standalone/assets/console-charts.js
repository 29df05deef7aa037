// The console's charts, drawn by uPlot in the colours of the page: one set of series each, and a legend that says the
// value under the pointer, or the newest one.
import uPlot from './uplot.js';
import { columnsOf, numbersOf, topReasons } from './console-frames.js';

const height = 168;
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const maxReasons = 4;

export const showCount = (value) => (value === null || value === undefined ? '–' : whole.format(value));
const showRate = (value) =>
  value === null || value === undefined ? '–' : (value >= 100 ? whole : exact).format(value);
const showMs = (value) =>
  value === null || value === undefined ? '–' : `${(value >= 100 ? whole : exact).format(value)} ms`;

/** Each reads its series from a frame; a stack is drawn from the sum down, so that each colour covers the one behind. */
const definitions = {
  stock: {
    show: showCount,
    stack: true,
    series: () => [
      { label: 'available', colour: '--chart-free' },
      { label: 'held', colour: '--chart-held' },
      { label: 'sold', colour: '--chart-sold' },
    ],
    read: (numbers) => [numbers.available, numbers.held, numbers.sold],
  },
  speed: {
    show: showRate,
    series: () => [
      { label: 'reserved', colour: '--chart-held' },
      { label: 'sold', colour: '--chart-sold' },
      { label: 'given back', colour: '--chart-warm' },
    ],
    read: (numbers) => [numbers.reserved_per_second, numbers.sold_per_second, numbers.released_per_second],
  },
  latency: {
    show: showMs,
    series: () => [
      { label: 'half within', colour: '--chart-held' },
      { label: '99 % within', colour: '--chart-warm' },
    ],
    readAll: (all) => [all.reserve_ms?.p50 ?? null, all.reserve_ms?.p99 ?? null],
  },
  refused: {
    show: showRate,
    series: (reasons) => [
      ...reasons.map((reason, at) => ({
        label: reason.replaceAll(/[-_]/g, ' '),
        colour: `--chart-${at + 1}`,
      })),
      { label: 'other', colour: '--chart-free' },
    ],
    read: (numbers, reasons) => {
      const refused = numbers.refused_per_second;
      const sum = Object.values(refused).reduce((total, rate) => total + rate, 0);
      const shown = reasons.map((reason) =>
        numbers.reserved_per_second === null ? null : (refused[reason] ?? 0),
      );
      return [...shown, numbers.reserved_per_second === null ? null : sum - shown.reduce((a, b) => a + b, 0)];
    },
  },
  batch: {
    show: showRate,
    series: () => [
      { label: 'average', colour: '--chart-held' },
      { label: '99 % at most', colour: '--chart-warm' },
    ],
    readAll: (all) => [all.batch_size?.mean ?? null, all.batch_size?.p99 ?? null],
  },
  conflicts: {
    show: showRate,
    series: () => [
      { label: 'changes of stock', colour: '--chart-held' },
      { label: 'of them after a conflict', colour: '--chart-warm' },
    ],
    read: (numbers) => [numbers.changes_per_second, numbers.conflicts_per_second],
  },
  queue: {
    show: showRate,
    series: () => [
      { label: 'waiting now', colour: '--chart-held' },
      { label: 'waited longest, ms', colour: '--chart-warm' },
    ],
    readAll: (all) => [all.queue, all.queue_wait_ms?.p99 ?? null],
  },
};

/** `view()` answers { frames, minutes, eventId }; `draw` brings every chart up to date. */
export function createCharts(view) {
  const charts = Object.entries(definitions).map(([key, definition]) => createChart(key, definition, view));
  const redraw = () => {
    for (const chart of charts) chart.draw();
  };
  const rebuild = () => {
    for (const chart of charts) chart.forget();
    redraw();
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', rebuild);
  return { draw: redraw };
}

function createChart(key, definition, view) {
  const figure = document.getElementById(`chart-${key}`);
  const place = figure.querySelector('.plot');
  const legend = figure.querySelector('.legend');
  const name = figure.querySelector('h2').textContent;
  let plot = null;
  let shape = '';
  let columns = [[]];
  let hovered = null;

  function seriesNow() {
    const { frames, minutes, eventId } = view();
    const reasons = key === 'refused' ? topReasons(frames, minutes, eventId, maxReasons) : [];
    return { reasons, series: definition.series(reasons) };
  }

  function read(frame, reasons) {
    if (definition.readAll) return definition.readAll(frame.all);
    const numbers = numbersOf(frame, view().eventId);
    return numbers === null ? null : definition.read(numbers, reasons);
  }

  function showLegend(series) {
    const items = series.map((one, index) => ({
      ...one,
      value: definition.show(valueAt(definition, columns[index + 1] ?? [], hovered)),
    }));
    if (legend.children.length !== items.length) legend.replaceChildren(...items.map(() => legendItem()));
    for (const [index, item] of items.entries()) {
      const [swatch, label, value] = legend.children[index].children;
      swatch.style.background = `var(${item.colour})`;
      label.textContent = item.label;
      value.textContent = item.value;
    }
    place.setAttribute(
      'aria-label',
      `${name}: ${items.map((item) => `${item.label} ${item.value}`).join(', ')}`,
    );
  }

  function draw() {
    const { frames, minutes } = view();
    const { reasons, series } = seriesNow();
    columns = columnsOf(frames, minutes, series.length, (frame) => read(frame, reasons));
    const drawn = definition.stack ? stacked(columns) : columns;
    const wanted = series.map((one) => one.label).join();
    if (plot === null || wanted !== shape) {
      plot?.destroy();
      shape = wanted;
      plot = new uPlot(optionsOf(definition, series, place), drawn, place);
      plot.hooks.setCursor = [
        (self) => {
          hovered = self.cursor.idx ?? null;
          showLegend(seriesNow().series);
        },
      ];
    }
    const now = columns[0].at(-1) ?? Date.now() / 1000;
    plot.setData(drawn, false);
    plot.batch(() => {
      plot.setScale('x', { min: now - minutes * 60, max: now });
    });
    showLegend(series);
  }

  new ResizeObserver(() => plot?.setSize({ width: place.clientWidth, height })).observe(place);
  return {
    draw,
    forget() {
      plot?.destroy();
      plot = null;
    },
  };
}

/** Under the pointer, else the newest; what is measured only while somebody reserves keeps its last value. */
function valueAt(definition, column, hovered) {
  if (hovered !== null) return column[hovered];
  return definition.readAll ? column.findLast((value) => value !== null) : column.at(-1);
}

function legendItem() {
  const item = document.createElement('li');
  item.append(...['i', 'span', 'b'].map((tag) => document.createElement(tag)));
  return item;
}

/** Each column becomes the sum of itself and all after it. */
function stacked([times, ...columns]) {
  const sums = columns.map((column) => [...column]);
  for (let at = sums.length - 2; at >= 0; at -= 1)
    sums[at] = sums[at].map((value, index) => (value === null ? null : value + (sums[at + 1][index] ?? 0)));
  return [times, ...sums];
}

function optionsOf(definition, series, place) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: place.clientWidth,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'console' }, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, roomAbove(max)] } },
    axes: [
      { ...axis, size: 26, space: 80, grid: { show: false }, values: clockTimes },
      { ...axis, size: 46, space: 36, values: (_, values) => values.map(shortNumber) },
    ],
    series: [
      {},
      ...series.map((one) => ({
        label: one.label,
        stroke: colour(one.colour),
        width: definition.stack ? 1 : 1.75,
        ...(definition.stack ? { fill: colour(one.colour) } : {}),
        points: { show: true, size: 5, width: 0, fill: colour(one.colour), filter: aloneOnly },
      })),
    ],
  };
}

/** A line needs two neighbours; a number between gaps is shown as a point. */
function aloneOnly(self, seriesAt) {
  const column = self.data[seriesAt];
  const alone = [];
  for (const [at, value] of column.entries())
    if (value !== null && (column[at - 1] ?? null) === null && (column[at + 1] ?? null) === null)
      alone.push(at);
  return alone;
}

function roomAbove(max) {
  return max === null || max <= 0 ? 1 : max * 1.08;
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });
export const clockTime = (date) => clock.format(date);
const halfLabel = 28;

/** A label that would be cut off, or stand below those of the other axis, is left out. */
function clockTimes(self, times) {
  const width = self.bbox.width / devicePixelRatio;
  return times.map((seconds) => {
    const place = self.valToPos(seconds, 'x');
    return place < halfLabel || place > width - halfLabel ? '' : clockTime(new Date(seconds * 1000));
  });
}

const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumSignificantDigits: 3 });
function shortNumber(value) {
  return short.format(value);
}
