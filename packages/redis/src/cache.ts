/** Answers that pods share through Redis; each pod keeps them for a moment too, and goes on without Redis. */
import { randomBytes } from 'node:crypto';
import { createBreaker, type Breaker } from '@evently/kit/breaker';
import { createKept, type Cached, type CacheFactory, type CacheSpace } from '@evently/kit/cache';
import { withDeadline } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { RedisConnection } from './connection.ts';

export type RedisCachesOptions = {
  redis: RedisConnection;
  /** Whose answers these are. */
  service: string;
  log: Logger;
  nowMs: () => number;
  /** How long a shared answer may be given when nobody could be told of a change. */
  ttlMs?: number;
  /** How long a reader waits for Redis before he makes the answer himself. */
  deadlineMs?: number;
};

export const sharedAnswerMs = 5_000;
export const cacheDeadlineMs = 50;
const failuresToOpen = 5;
const openMs = 2_000;
// A mark of a change outlives every answer that was made before it.
const markLifetimes = 4;
// A replica that lags less than its limit has a change after this; see kit/replica.
const changedLatelyMs = 6_000;
const maxAnswerBytes = 1024 * 1024;
/** Scopes whose change other pods could not be told of; the oldest one goes. */
const maxUntold = 10_000;

type Shared = {
  redis: RedisConnection;
  breaker: Breaker;
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
  const shared: Shared = {
    redis,
    breaker,
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
  const kept = createKept(space, nowMs);
  const untold = createUntold(shared);

  async function make(input: I): Promise<T> {
    const scope = space.scopeOf(input);
    if (untold.has(scope)) return space.load(input, true);
    const names = namesOf(shared, space, scope, space.keyOf(input));
    const begunMs = nowMs();
    const seen = await breaker.run(
      () => look(shared, names),
      () => null,
    );
    const shown = seen === null ? null : readAnswer(shared, space, seen);
    if (shown !== null) return shown.answer;
    const answer = await space.load(input, seen?.changedLately ?? false);
    if (seen !== null) void store(shared, names, seen.mark + markEnd + space.text.write(answer), begunMs);
    return answer;
  }

  return {
    read: (input) => kept.read(input, () => make(input)),
    changed: async (scope) => {
      kept.forget(scope);
      const told = untold.add(scope);
      const isMarked = await breaker.run(
        () => mark(shared, namesOf(shared, space, scope, '')),
        () => false,
      );
      if (isMarked) told();
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

async function mark({ redis, ttlMs, deadlineMs }: Shared, names: Names): Promise<boolean> {
  const written = redis.client
    .multi()
    .set(names.mark, randomBytes(markBytes).toString('base64url'), 'PX', ttlMs * markLifetimes)
    .set(names.late, '1', 'PX', changedLatelyMs)
    .exec();
  const outcomes = await withDeadline(written, deadlineMs, 'marking a change in Redis');
  return outcomes !== null && outcomes.every(([error]) => error === null);
}

type Untold = { has: (scope: string) => boolean; add: (scope: string) => () => void };

/** Scopes that were changed here and may not be marked yet; after `ttlMs` no shared answer is older than the change. */
function createUntold({ nowMs, ttlMs }: Shared): Untold {
  const scopes = new Map<string, { until: number }>();
  return {
    has: (scope) => {
      const entry = scopes.get(scope);
      if (entry === undefined || nowMs() < entry.until) return entry !== undefined;
      scopes.delete(scope);
      return false;
    },
    add: (scope) => {
      const entry = { until: nowMs() + ttlMs };
      scopes.delete(scope);
      scopes.set(scope, entry);
      const oldest = scopes.size > maxUntold ? scopes.keys().next() : undefined;
      if (oldest !== undefined && oldest.done !== true) scopes.delete(oldest.value);
      return () => {
        if (scopes.get(scope) === entry) scopes.delete(scope);
      };
    },
  };
}
