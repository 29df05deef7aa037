/** One topic's stream: the scripts of the bus with types around them. */
import type { Redis } from 'ioredis';
import { BusUnavailable, type Message } from '@evently/kit/bus';
import {
  appendScript,
  bodiesScript,
  claimScript,
  forgetReadersScript,
  lastScript,
  openScript,
  retireScript,
  settleScript,
  surveyScript,
  takeScript,
  thinScript,
} from './stream-scripts.ts';

/** A place in a stream: `ms-number`, rising. */
export type Place = string;
export const beginning: Place = '0-0';

/** A message on its way to one consumer. `delivery` counts from 1, and rises when the consumer has failed. */
export type Entry = {
  place: Place;
  key: string;
  delivery: number;
  bytes: number;
  idleMs: number;
  body: Body | null;
};
/** `traceparent` is '' for a message of no recorded trace. */
export type Body = { id: string; type: string; payload: string; at: string; traceparent: string };

export type GroupState = { group: string; waiting: number | null; pending: number };
/** `reached` is '' where there is no stream. */
export type Lost = { kind: 'lost'; reached: Place };
export type Appended =
  { kind: 'added'; last: Place } | { kind: 'moved'; last: Place } | { kind: 'full'; length: number } | Lost;
export type Survey =
  { kind: 'there'; last: Place; length: number; handled: Place; groups: readonly GroupState[] } | Lost;
export type Taken =
  | { kind: 'taken'; entries: Entry[] }
  | { kind: 'none'; last: Place }
  | { kind: 'others' }
  | { kind: 'missing' };

export type Reader = { group: string; reader: string };

export type Stream = {
  topic: string;
  open: (groups: readonly string[]) => Promise<void>;
  /** The last place that it has given; null where there is no stream. */
  last: () => Promise<Place | null>;
  /** Adds all of `messages` or none, to a stream that has reached `floor`, and whose last place is `seen`; null is any. */
  append: (
    messages: readonly Fields[],
    floor: Place,
    seen: Place | null,
    maxLength: number,
  ) => Promise<Appended>;
  survey: (floor: Place, groups: readonly string[]) => Promise<Survey>;
  /** Destroys those of `groups` that are behind and that nobody has read for `silentMs`; answers which. */
  retire: (groups: readonly string[], silentMs: number) => Promise<string[]>;
  /** Deletes what all have handled beside what is pending; answers where to go on, null at the end. */
  thin: (from: Place, count: number, groups: readonly string[]) => Promise<Place | null>;
  take: (by: Reader, count: number, bytes: number) => Promise<Taken>;
  claim: (by: Reader, from: Place, count: number) => Promise<{ next: Place | null; entries: Entry[] }>;
  bodies: (entries: readonly Place[]) => Promise<Map<Place, Body>>;
  settle: (by: Reader, handled: readonly Place[], failed: ReadonlyMap<Place, number>) => Promise<void>;
  /** Forgets readers that hold nothing and were silent for `idleMs`; with 0 this reader, which leaves. */
  forgetReaders: (by: Reader, idleMs: number) => Promise<void>;
};

export function streamKey(topic: string): string {
  return `evently:bus:${topic}`;
}

/** Whatever keeps Redis from answering rejects with `BusUnavailable`. */
export function createStream(client: Redis, topic: string): Stream {
  const run = (script: string, words: readonly (string | number)[]): Promise<unknown> =>
    client.eval(script, 1, streamKey(topic), ...words).catch((error: Error) => {
      const why = client.status === 'ready' ? error.message : 'there is no connection';
      throw new BusUnavailable(`Redis cannot be asked: ${why}`, error);
    });
  return {
    topic,
    open: async (groups) => {
      await run(openScript, groups);
    },
    last: async () => {
      const last = textOf(await run(lastScript, []));
      return last === '' ? null : last;
    },
    append: async (messages, floor, seen, maxLength) =>
      parseAppended(await run(appendScript, [floor, seen ?? '', maxLength, ...messages.flat()])),
    survey: async (floor, groups) => parseSurvey(await run(surveyScript, [floor, ...groups])),
    retire: async (groups, silentMs) => wordsOf(await run(retireScript, [silentMs, ...groups])),
    thin: async (from, count, groups) => {
      const next = textOf(await run(thinScript, [from, count, ...groups]));
      return next === '' ? null : next;
    },
    take: async ({ group, reader }, count, bytes) =>
      parseTaken(await run(takeScript, [group, reader, count, bytes])),
    claim: async ({ group, reader }, from, count) => {
      const [next, ...rows] = listOf(await run(claimScript, [group, reader, from, count]));
      const place = textOf(next);
      return { next: place === '' ? null : place, entries: rows.map(parseEntry) };
    },
    bodies: async (entries) => {
      const rows = listOf(await run(bodiesScript, entries)).map(wordsOf);
      return new Map(rows.map(([place = '', ...words]) => [place, parseBody(words)]));
    },
    settle: async ({ group, reader }, handled, failed) => {
      const failures = [...failed].flatMap(([place, delivery]) => [place, delivery]);
      await run(settleScript, [group, reader, handled.length, ...handled, ...failures]);
    },
    forgetReaders: async ({ group, reader }, idleMs) => {
      await run(forgetReadersScript, [group, reader, idleMs]);
    },
  };
}

/** Whether `a` comes before `b`. Compared as text: the parts can be larger than a number holds exactly. */
export function isBefore(a: Place, b: Place): boolean {
  const [ams = '', anumber = ''] = a.split('-');
  const [bms = '', bnumber = ''] = b.split('-');
  return ams === bms ? isLess(anumber, bnumber) : isLess(ams, bms);
}

function isLess(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}

/** A message as it stands in the stream, in the order of the scripts; the payload is the fourth. */
export type Fields = readonly [
  id: string,
  key: string,
  type: string,
  payload: string,
  at: string,
  traceparent: string,
];
export function fieldsOf({ id, key, type, payload, createdAt, traceparent }: Message): Fields {
  return [id, key, type, JSON.stringify(payload), createdAt.toISOString(), traceparent ?? ''];
}

/** What our own scripts answer; anything else is a mistake in them. */
class UnknownAnswer extends Error {
  constructor(answer: unknown) {
    super(`Redis answered what no script of the bus answers: ${JSON.stringify(answer)?.slice(0, 200)}`);
    this.name = 'UnknownAnswer';
  }
}

function listOf(answer: unknown): unknown[] {
  if (!Array.isArray(answer)) throw new UnknownAnswer(answer);
  return answer;
}

function textOf(answer: unknown): string {
  if (typeof answer !== 'string') throw new UnknownAnswer(answer);
  return answer;
}

function wordsOf(answer: unknown): string[] {
  return listOf(answer).map(textOf);
}

function parseAppended(answer: unknown): Appended {
  const [kind, word = ''] = wordsOf(answer);
  if (kind === 'added' || kind === 'moved') return { kind, last: word };
  if (kind === 'full') return { kind, length: Number(word) };
  if (kind === 'lost') return { kind, reached: word };
  throw new UnknownAnswer(answer);
}

function parseSurvey(answer: unknown): Survey {
  const [kind, last = '', length = '', handled = '', ...told] = wordsOf(answer);
  if (kind === 'lost') return { kind, reached: last };
  if (kind !== 'there') throw new UnknownAnswer(answer);
  const groups: GroupState[] = [];
  for (let at = 0; at + 2 < told.length; at += 3) {
    const waiting = told[at + 1] ?? '';
    groups.push({
      group: told[at] ?? '',
      waiting: waiting === '' ? null : Number(waiting),
      pending: Number(told[at + 2]),
    });
  }
  return { kind, last, length: Number(length), handled, groups };
}

function parseTaken(answer: unknown): Taken {
  const [kind, ...rows] = listOf(answer);
  if (kind === 'taken') return { kind, entries: rows.map(parseEntry) };
  if (kind === 'none') return { kind, last: textOf(rows[0]) };
  if (kind === 'others' || kind === 'missing') return { kind };
  throw new UnknownAnswer(answer);
}

function parseEntry(answer: unknown): Entry {
  const [place = '', key = '', delivery = '', bytes = '', idleMs = '', ...body] = wordsOf(answer);
  return {
    place,
    key,
    delivery: Number(delivery),
    bytes: Number(bytes),
    idleMs: Number(idleMs),
    body: body.length === 0 ? null : parseBody(body),
  };
}

function parseBody([id = '', type = '', payload = '', at = '', traceparent = '']: readonly string[]): Body {
  return { id, type, payload, at, traceparent };
}
