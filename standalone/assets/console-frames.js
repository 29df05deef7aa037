// What the console knows: the frames of the last minutes, and the columns that a chart draws of them. A frame names
// only the events that changed; the others go on as they were.
const maxFrames = 900;

export function createFrames() {
  const frames = [];

  function merge(sent, previous) {
    const events = {};
    const gone = new Set(sent.gone ?? []);
    for (const [id, event] of Object.entries(previous?.events ?? {})) if (!gone.has(id)) events[id] = event;
    for (const [id, event] of Object.entries(sent.events))
      events[id] = { name: previous?.events[id]?.name ?? '', ...event };
    return { ...sent, events };
  }

  return {
    list: frames,
    last: () => frames.at(-1) ?? null,
    add(sent) {
      const frame = merge(sent, frames.at(-1));
      frames.push(frame);
      if (frames.length > maxFrames) frames.shift();
      return frame;
    },
    /** The first frame of a history is whole; what is known already is skipped. */
    addHistory(history) {
      let previous = null;
      const newest = frames.at(-1)?.at_ms ?? 0;
      for (const sent of history) {
        previous = merge(sent, previous);
        if (previous.at_ms > newest) frames.push(previous);
      }
      frames.splice(0, Math.max(0, frames.length - maxFrames));
    },
  };
}

/** Null while they are not known; their sum is of those that are. */
const mayBeUnknown = [
  'capacity',
  'available',
  'held',
  'sold',
  'blocked',
  'oversold',
  'reserved_per_second',
  'sold_per_second',
  'released_per_second',
  'changes_per_second',
  'conflicts_per_second',
];

/** One event's numbers, or the sum of all; null for an event that the frame does not have. */
export function numbersOf(frame, eventId) {
  if (eventId !== '') return frame.events[eventId] ?? null;
  const sum = { refused_per_second: {} };
  for (const key of mayBeUnknown) sum[key] = null;
  for (const event of Object.values(frame.events)) {
    for (const key of mayBeUnknown) if (event[key] !== null) sum[key] = (sum[key] ?? 0) + event[key];
    for (const [reason, rate] of Object.entries(event.refused_per_second))
      sum.refused_per_second[reason] = (sum.refused_per_second[reason] ?? 0) + rate;
  }
  return sum;
}

/** Whether anybody reserved, bought, gave back or was refused in this frame. */
export function isBusy(frame) {
  return Object.values(frame.events).some(
    (event) =>
      event.reserved_per_second > 0 ||
      event.sold_per_second > 0 ||
      event.released_per_second > 0 ||
      Object.keys(event.refused_per_second).length > 0,
  );
}

// Lines are interrupted where nobody looked: a place without numbers between two frames that are far apart.
const gapMs = 5000;

/** Times in seconds, and what `read` answers for each frame of the last `minutes`: one column per series. */
export function columnsOf(frames, minutes, width, read) {
  const times = [];
  const columns = Array.from({ length: width }, () => []);
  const from = (frames.at(-1)?.at_ms ?? 0) - minutes * 60_000;
  let before = null;
  for (const frame of frames) {
    if (frame.at_ms < from) continue;
    if (before !== null && frame.at_ms - before > gapMs) {
      times.push((before + 1000) / 1000);
      for (const column of columns) column.push(null);
    }
    before = frame.at_ms;
    times.push(frame.at_ms / 1000);
    const values = read(frame);
    for (const [at, column] of columns.entries()) column.push(values?.[at] ?? null);
  }
  return [times, ...columns];
}

/** The reasons that refused most in the last `minutes`, at most `limit`; what is left is told as one. */
export function topReasons(frames, minutes, eventId, limit) {
  const from = (frames.at(-1)?.at_ms ?? 0) - minutes * 60_000;
  const sums = new Map();
  for (const frame of frames) {
    if (frame.at_ms < from) continue;
    const refused = numbersOf(frame, eventId)?.refused_per_second ?? {};
    for (const [reason, rate] of Object.entries(refused)) sums.set(reason, (sums.get(reason) ?? 0) + rate);
  }
  const sorted = [...sums].toSorted(([, one], [, other]) => other - one).map(([reason]) => reason);
  return sorted.slice(0, limit);
}
