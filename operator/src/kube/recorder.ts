/** Kubernetes Events for people: aggregated into series, without spam, and never in the way of a reconcile. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { KubeApi } from './api.ts';
import { isNotFound, isUnanswered, KubeError } from './errors.ts';
import { eventBody, seriesBody, type EventNote, type ObjectReference } from './event-body.ts';
import { events } from './resource.ts';
import { createSpamFilter, type SpamFilter } from './spam-filter.ts';
import type { Time } from './time.ts';

export type { EventNote, ObjectReference } from './event-body.ts';

export type Recorder = {
  /** Returns at once; the event is written later, or counted as dropped. Never throws. */
  record: (regarding: ObjectReference, note: EventNote) => void;
  /** Takes no more, and writes what is queued for at most `deadlineMs`. */
  close: (deadlineMs: number) => Promise<void>;
};

/**
 * `written` to the API server, `merged` into one that waits, `suppressed` as spam (its count goes into the next of its
 * series), `dropped` because too many wait or the recorder is closed, `failed` after the last try.
 */
export type EventOutcome = 'written' | 'merged' | 'suppressed' | 'dropped' | 'failed';

export type RecorderOptions = {
  api: Pick<KubeApi, 'create' | 'patchJson'>;
  /** Who reports: the program, and this process of it. */
  controller: string;
  instance: string;
  time: Time;
  clock: Clock;
  log: Logger;
  count?: (outcome: EventOutcome) => void;
};

/** Occurrences of one reason and action on one object that are one event. */
type Series = {
  regarding: ObjectReference;
  note: EventNote;
  /** Its name at the API server; null before it was written. */
  name: string | null;
  count: number;
  lastAt: Date;
  lastAtMs: number;
  /** When it may be written, while it waits; null when nothing of it is unwritten. */
  dueAtMs: number | null;
  attempts: number;
};

const seriesMs = 600_000;
const maxSeries = 4_096;
const maxWaiting = 1_000;
const callDeadlineMs = 5_000;
const maxAttempts = 5;
const firstRetryMs = 1_000;

/**
 * Events of one object, type, reason and action that follow each other within ten minutes become one event with a
 * series. 25 writes at once for an object and reason, then one in five minutes; a Warning beyond that waits for its
 * turn instead of being dropped, and the first one of its series does not wait at all.
 */
export function createRecorder(options: RecorderOptions): Recorder {
  const { time, clock, log, count = () => undefined } = options;
  const series = new Map<string, Series>();
  const spam = createSpamFilter(time);
  let closed = false;
  let wake = new AbortController();

  function accept(regarding: ObjectReference, note: EventNote): void {
    if (closed) return count('dropped');
    const one = seriesOf(series, regarding, note, time.nowMs(), clock.now());
    if (one.dueAtMs !== null) return count('merged');
    const dueAtMs = dueTimeOf(one, spam, time.nowMs());
    if (dueAtMs === null) return count('suppressed');
    if (!makeRoom(series, note.type)) return count('dropped');
    one.dueAtMs = dueAtMs;
    wake.abort();
  }
  /** Drops a Normal one that waits when there are too many; answers whether there is room now. */
  function makeRoom(among: ReadonlyMap<string, Series>, type: EventNote['type']): boolean {
    const waiting = [...among.values()].filter((one) => one.dueAtMs !== null);
    if (waiting.length < maxWaiting) return true;
    const victim = type === 'Warning' ? waiting.find((one) => one.note.type === 'Normal') : undefined;
    if (victim === undefined) return false;
    victim.dueAtMs = null;
    count('dropped');
    return true;
  }
  async function run(): Promise<void> {
    for (;;) {
      const next = firstDue(series);
      if (next === null && closed) return;
      const waitMs = next === null ? seriesMs : closed ? 0 : next.dueAtMs - time.nowMs();
      if (next !== null && waitMs <= 0) {
        await writeOne(options, next.one, count);
        continue;
      }
      wake = new AbortController();
      await time.pause(Math.ceil(waitMs), wake.signal);
    }
  }
  const running = run();
  return {
    record: (regarding, note) => {
      try {
        accept(regarding, note);
      } catch (error) {
        count('failed');
        log.error({ err: error, reason: note.reason }, 'an event could not be queued');
      }
    },
    close: async (deadlineMs) => {
      closed = true;
      wake.abort();
      const over = new AbortController();
      await Promise.race([running, time.pause(deadlineMs, over.signal)]);
      over.abort();
      for (const one of series.values()) {
        if (one.dueAtMs !== null) count('dropped');
        one.dueAtMs = null;
      }
    },
  };
}

/** The series that this occurrence belongs to, with it counted; the oldest ones are forgotten. */
function seriesOf(
  series: Map<string, Series>,
  regarding: ObjectReference,
  note: EventNote,
  nowMs: number,
  now: Date,
): Series {
  const key = JSON.stringify([regarding.uid, note.type, note.reason, note.action]);
  const known = series.get(key);
  const continues = known !== undefined && nowMs - known.lastAtMs <= seriesMs;
  const one: Series = continues
    ? known
    : { regarding, note, name: null, count: 0, lastAt: now, lastAtMs: nowMs, dueAtMs: null, attempts: 0 };
  one.count += 1;
  one.lastAt = now;
  one.lastAtMs = nowMs;
  // At the end of the map: the first one is the one that was quiet longest.
  series.delete(key);
  series.set(key, one);
  for (const [oldKey, old] of series) {
    if (series.size <= maxSeries) break;
    if (old.dueAtMs === null) series.delete(oldKey);
  }
  return one;
}

/** When the occurrence may be written; null for never. */
function dueTimeOf(one: Series, spam: SpamFilter, nowMs: number): number | null {
  const waitMs = spam.take(`${one.regarding.uid}/${one.note.reason}`, one.note.type === 'Warning');
  if (waitMs === 0 || (one.note.type === 'Warning' && one.name === null)) return nowMs;
  return waitMs === null ? null : nowMs + waitMs;
}

function firstDue(series: ReadonlyMap<string, Series>): { one: Series; dueAtMs: number } | null {
  let first: { one: Series; dueAtMs: number } | null = null;
  for (const one of series.values()) {
    const { dueAtMs } = one;
    if (dueAtMs !== null && (first === null || dueAtMs < first.dueAtMs)) first = { one, dueAtMs };
  }
  return first;
}

/** Never throws: an event is not worth a reconcile. */
async function writeOne(
  options: RecorderOptions,
  one: Series,
  count: (outcome: EventOutcome) => void,
): Promise<void> {
  const { time, log } = options;
  // What is recorded while it is being written makes it due again.
  one.dueAtMs = null;
  try {
    await send(options, one);
    one.attempts = 0;
    count('written');
  } catch (error) {
    one.attempts += 1;
    const fields = { err: error, reason: one.note.reason, object: one.regarding.name };
    if (isPassing(error) && one.attempts < maxAttempts) {
      one.dueAtMs = time.nowMs() + firstRetryMs * 2 ** (one.attempts - 1);
      log.debug(fields, 'an event was not written and is tried again');
      return;
    }
    one.attempts = 0;
    count('failed');
    log.warn(fields, 'an event was not written');
  }
}

async function send({ api, controller, instance }: RecorderOptions, one: Series): Promise<void> {
  const namespace = one.regarding.namespace;
  if (one.name !== null) {
    const key = { namespace, name: one.name };
    const value = seriesBody(one.count, one.lastAt);
    try {
      await api.patchJson(events, key, [{ op: 'add', path: '/series', value }], {
        deadlineMs: callDeadlineMs,
      });
      return;
    } catch (error) {
      // Events live for an hour only.
      if (!isNotFound(error)) throw error;
      one.name = null;
    }
  }
  const body = eventBody({ ...one, controller, instance, uniquePart: randomUUID() });
  const written = await api.create(events, namespace, body, { deadlineMs: callDeadlineMs });
  one.name = written.metadata.name;
}

function isPassing(error: unknown): boolean {
  return isUnanswered(error) || (error instanceof KubeError && error.status === 429);
}
