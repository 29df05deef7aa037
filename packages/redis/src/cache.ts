/** Answers that pods share through Redis; each pod keeps them for a moment too, and goes on without Redis. */
import { randomBytes } from 'node:crypto';
import { createBreaker, type Breaker } from '@evently/kit/breaker';
import {
  changedLatelyMs,
  createKept,
  createRecent,
  type Cached,
  type CacheFactory,
  type CacheSpace,
} from '@evently/kit/cache';
import { withDeadline } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { addCounter, defineCounter } from '@evently/kit/metrics-define';
import { Registry } from 'prom-client';
import type { RedisConnection } from './connection.ts';

export type RedisCachesOptions = {
  redis: RedisConnection;
  /** Whose answers these are. */
  service: string;
  log: Logger;
  nowMs: () => number;
  registry?: Registry;
  /** How long a shared answer may be given when nobody could be told of a change. */
  ttlMs?: number;
  /** How long a reader waits for Redis before he makes the answer himself. */
  deadlineMs?: number;
};

export const cacheDefinitions = {
  answers: defineCounter({
    name: 'evently_cache_answers_total',
    help: 'Answers that this process did not have: those that another pod had made, and those that were made here',
    labels: { space: 'kinds of public reads, named in the code', from: ['shared', 'made'] },
  }),
} as const;

export const sharedAnswerMs = 5_000;
export const cacheDeadlineMs = 50;
const failuresToOpen = 5;
const openMs = 2_000;
// A mark of a change outlives every answer that was made before it.
const markLifetimes = 4;
const maxAnswerBytes = 1024 * 1024;
/** Scopes that are marked in one step. */
const marksAtOnce = 500;

type Shared = {
  redis: RedisConnection;
  breaker: Breaker;
  /** Counts answers that this process did not have. */
  answered: (space: string, from: 'shared' | 'made') => void;
  log: Logger;
  nowMs: () => number;
  ttlMs: number;
  deadlineMs: number;
  prefix: string;
};

/**
 * In Redis each answer carries the mark of its scope as it was before the making began; a change writes a new random
 * mark, so an answer that was being made meanwhile is old when it arrives. What lives in Redis: answers for `ttlMs`
 * from the beginning of their making, marks for four times as long. When a change cannot be marked (Redis is away), this pod
 * takes no shared answer of the scope for `ttlMs`, and other pods may give theirs for as long. Flushed: made anew.
 */
export function createRedisCaches(options: RedisCachesOptions): CacheFactory {
  const { redis, service, log, nowMs } = options;
  const breaker = createBreaker({
    failures: failuresToOpen,
    openMs,
    nowMs,
    changed: (state, error) => {
      if (state === 'open') log.warn({ err: String(error) }, 'each pod keeps its answers for itself');
      else log.info('answers are shared between pods again');
    },
  });
  const answers = addCounter(options.registry ?? new Registry(), cacheDefinitions.answers);
  const shared: Shared = {
    redis,
    breaker,
    answered: (space, from) => answers.inc({ space, from }),
    log,
    nowMs,
    ttlMs: options.ttlMs ?? sharedAnswerMs,
    deadlineMs: options.deadlineMs ?? cacheDeadlineMs,
    prefix: `evently:cache:${service}`,
  };
  return (space) => createShared(shared, space);
}

function createShared<I, T>(shared: Shared, space: CacheSpace<I, T>): Cached<I, T> {
  const { breaker, nowMs } = shared;
  const kept = createKept<I, T>(space, nowMs);
  // Changed here and maybe not marked: after `ttlMs` no shared answer is older than the change.
  const untold = createRecent(Math.max(shared.ttlMs, changedLatelyMs), nowMs);

  function load(input: I, changedLately: boolean): Promise<T> {
    shared.answered(space.name, 'made');
    return space.load(input, changedLately);
  }

  async function make(input: I): Promise<T> {
    const scope = space.scopeOf(input);
    if (untold.has(scope)) return load(input, true);
    const names = namesOf(shared, space, scope, space.keyOf(input));
    const begunMs = nowMs();
    const seen = await breaker.run(
      () => look(shared, names),
      () => null,
    );
    const shown = seen === null ? null : readAnswer(shared, space, seen);
    if (shown !== null) {
      shared.answered(space.name, 'shared');
      return shown.answer;
    }
    const answer = await load(input, seen?.changedLately ?? false);
    const text = seen === null ? null : space.text.write(answer);
    if (seen !== null && text !== null) void store(shared, names, seen.mark + markEnd + text, begunMs);
    return answer;
  }

  return {
    read: (input) => kept.read(input, () => make(input)),
    changed: async (scopes) => {
      kept.forget(scopes);
      const marking = scopes.map((scope) => ({
        ...namesOf(shared, space, scope, ''),
        untold: untold.add(scope),
      }));
      for (let first = 0; first < marking.length; first += marksAtOnce) {
        const some = marking.slice(first, first + marksAtOnce);
        const isMarked = await breaker.run(
          () => markAll(shared, some),
          () => false,
        );
        if (isMarked) for (const each of some) each.untold.takeBack();
      }
    },
  };
}

type Names = { mark: string; late: string; answer: string };

function namesOf(shared: Shared, space: { name: string }, scope: string, key: string): Names {
  const base = `${shared.prefix}:${space.name}`;
  return { mark: `${base}:mark:${scope}`, late: `${base}:late:${scope}`, answer: `${base}:answer:${key}` };
}

// Ends the mark in front of an answer; no mark contains it.
const markEnd = '\n';

type Seen = { mark: string; changedLately: boolean; text: string | null };

async function look({ redis, deadlineMs }: Shared, names: Names): Promise<Seen> {
  const asked = redis.client.mget(names.mark, names.late, names.answer);
  const [mark = null, late = null, text = null] = await withDeadline(asked, deadlineMs, 'a look into Redis');
  return { mark: mark ?? '', changedLately: late !== null, text };
}

/** Null for what is old, and for what another version of the program wrote. */
function readAnswer<T>(shared: Shared, space: CacheSpace<never, T>, seen: Seen): { answer: T } | null {
  const front = seen.mark + markEnd;
  if (seen.text === null || !seen.text.startsWith(front)) return null;
  try {
    return { answer: space.text.read(seen.text.slice(front.length)) };
  } catch (error) {
    shared.log.debug({ space: space.name, err: String(error) }, 'a shared answer cannot be read here');
    return null;
  }
}

/** Nobody waits for it, and failing costs the next reader the making only. */
async function store(shared: Shared, names: Names, text: string, begunMs: number): Promise<void> {
  const leftMs = Math.floor(shared.ttlMs - (shared.nowMs() - begunMs));
  if (leftMs <= 0 || text.length > maxAnswerBytes || !shared.redis.isUp()) return;
  await shared.redis.client.set(names.answer, text, 'PX', leftMs).catch((error: Error) => {
    shared.log.debug({ err: error.message }, 'an answer could not be shared');
  });
}

const markBytes = 12;

async function markAll({ redis, ttlMs, deadlineMs }: Shared, names: readonly Names[]): Promise<boolean> {
  const marking = redis.client.multi();
  for (const { mark, late } of names) {
    marking.set(mark, randomBytes(markBytes).toString('base64url'), 'PX', ttlMs * markLifetimes);
    marking.set(late, '1', 'PX', changedLatelyMs);
  }
  const outcomes = await withDeadline(marking.exec(), deadlineMs, 'marking a change in Redis');
  return outcomes !== null && outcomes.every(([error]) => error === null);
}
