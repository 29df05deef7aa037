// The console: one event stream feeds the figures and the charts; the page says what to do when nobody buys.
import { clockTime, createCharts, showCount } from './console-charts.js';
import { createFrames, isBusy, numbersOf } from './console-frames.js';

const reopenMs = 4000;
const quietMs = 20_000;
const known = createFrames();
/** `picked` is the picker's value: an event, none for all of them, or `auto` for whatever sold last. */
const chosen = { picked: 'auto', eventId: '', minutes: 2 };
const at = (id) => document.getElementById(id);
const [state, picker, next, report, sale, house] = [
  at('state'),
  at('event'),
  at('next'),
  at('report'),
  at('sale'),
  at('house'),
];
const charts = createCharts(() => ({ frames: known.list, ...chosen }));

function say(text, broken = false) {
  if (state.textContent !== text) state.textContent = text;
  state.classList.toggle('broken', broken);
  state.classList.toggle('live', !broken);
}

/** The events that are on sale, those that sell first. */
function fillPicker(frame) {
  const events = Object.entries(frame.events)
    .filter(([id]) => id !== 'other')
    .toSorted(([, one], [, other]) => taken(other) - taken(one) || one.name.localeCompare(other.name));
  const wanted = ['auto', '', ...events.map(([id]) => id)];
  if (wanted.join() !== [...picker.options].map((option) => option.value).join()) {
    const options = events.map(([id, event]) => new Option(event.name === '' ? id : event.name, id));
    picker.replaceChildren(
      new Option('What sells now', 'auto'),
      new Option('All events together', ''),
      ...options,
    );
    if (!wanted.includes(chosen.picked))
      picker.append(new Option('An event that is not on sale any more', chosen.picked));
  }
  if (picker.value !== chosen.picked) picker.value = chosen.picked;
}

/** The event that moved last, the busiest when several did; none while nothing has. */
function busiest() {
  const frame = known.list.findLast(isBusy);
  if (frame === undefined) return '';
  const speed = (event) =>
    event.reserved_per_second +
    event.sold_per_second +
    event.released_per_second +
    Object.values(event.refused_per_second).reduce((sum, rate) => sum + rate, 0);
  const [first] = Object.entries(frame.events).toSorted(([, one], [, other]) => speed(other) - speed(one));
  return first?.[0] ?? '';
}

const taken = (event) => event.sold + event.held;

function showFigures(frame) {
  const numbers = numbersOf(frame, chosen.eventId);
  for (const place of document.querySelectorAll('[data-figure]')) {
    place.textContent = numbers === null ? '–' : showCount(numbers[place.dataset.figure]);
    place.classList.toggle('none', place.dataset.figure === 'oversold' && numbers?.oversold > 0);
  }
  const capacity = numbers?.capacity ?? 0;
  const share = (part) => `${capacity === 0 ? 0 : (100 * part) / capacity}%`;
  for (const part of document.querySelectorAll('[data-part]'))
    part.style.width = share(numbers?.[part.dataset.part] ?? 0);
  house.textContent =
    capacity === 0
      ? ''
      : `${showCount(numbers.sold + numbers.held)} of ${showCount(capacity)} seats taken` +
        (numbers.blocked > 0 ? `, ${showCount(numbers.blocked)} blocked` : '');
  showSale(numbers, frame);
}

/** Which event is shown, and what its window says. */
function showSale(numbers, frame) {
  sale.hidden = chosen.eventId === '' || numbers === null;
  if (sale.hidden) return;
  const untilMs = (numbers.opens_at_ms ?? 0) - frame.at_ms;
  const window =
    numbers.phase === 'scheduled' && numbers.opens_at_ms !== null
      ? `opens in ${countdown(untilMs)}`
      : numbers.phase === 'closed'
        ? 'the sale is closed'
        : numbers.available === 0
          ? 'on sale, and nothing is left'
          : 'on sale';
  sale.textContent = `${numbers.name || chosen.eventId}: ${window}`;
}

function countdown(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const two = (number) => String(number).padStart(2, '0');
  return hours > 48 ? `${Math.floor(hours / 24)} days` : `${hours}:${two(minutes)}:${two(seconds % 60)}`;
}

/** Says what to do when nobody has bought for a while. */
function showNext(frame) {
  const busy = known.list.some((one) => one.at_ms > frame.at_ms - quietMs && isBusy(one));
  next.hidden = busy;
  const events = Object.values(frame.events);
  const selling = events.filter((event) => event.reserved_per_second > 0).length;
  say(
    selling > 0
      ? `Live: ${count(selling, 'event')} selling in this second`
      : `Live, once a second: ${count(events.length, 'event')} on sale`,
  );
}

const count = (number, thing) => `${showCount(number)} ${thing}${number === 1 ? '' : 's'}`;

function draw() {
  const frame = known.last();
  if (frame === null) return;
  fillPicker(frame);
  chosen.eventId = chosen.picked === 'auto' ? busiest() : chosen.picked;
  showFigures(frame);
  showNext(frame);
  charts.draw();
  document.documentElement.dataset.frames = String(known.list.length);
}

async function showReports(newest) {
  report.hidden = newest === null;
  if (newest === null) {
    at('reports').replaceChildren(empty());
    return;
  }
  report.querySelector('a').href = `/console/reports/${newest}.html`;
  const answer = await fetch('/console/reports.json', { signal: AbortSignal.timeout(5000) });
  const { reports } = await answer.json();
  at('reports').replaceChildren(
    ...reports.slice(0, 3).map(({ name, summary }) => {
      const item = document.createElement('li');
      const link = document.createElement('a');
      link.href = `/console/reports/${name}.html`;
      link.textContent = summary.title;
      item.append(link, ` ${clockTime(new Date(summary.written_at))}`);
      return item;
    }),
  );
}

function empty() {
  const item = document.createElement('li');
  item.textContent = 'None yet.';
  return item;
}

let lastId = '';

/** A browser opens a stream that ended again by itself; one that was refused it gives up, and we ask again later. */
function open() {
  const source = new EventSource(
    `/console/stream${lastId === '' ? '' : `?after=${encodeURIComponent(lastId)}`}`,
  );
  const hear = (name, heard) =>
    source.addEventListener(name, (message) => {
      if (message.lastEventId !== '') lastId = message.lastEventId;
      heard(JSON.parse(message.data));
    });
  hear('history', ({ frames }) => {
    known.addHistory(frames);
    draw();
  });
  hear('frame', (frame) => {
    known.add(frame);
    if (!document.hidden) draw();
  });
  hear('report', ({ newest }) => void showReports(newest).catch(() => {}));
  source.addEventListener('error', () => {
    say('The platform does not answer right now; trying again.', true);
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(open, reopenMs + Math.random() * reopenMs);
  });
}

picker.addEventListener('change', () => {
  chosen.picked = picker.value;
  draw();
});
for (const button of document.querySelectorAll('[data-minutes]')) {
  button.addEventListener('click', () => {
    chosen.minutes = Number(button.dataset.minutes);
    for (const other of document.querySelectorAll('[data-minutes]'))
      other.setAttribute('aria-pressed', String(other === button));
    draw();
  });
}
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) draw();
});
open();
