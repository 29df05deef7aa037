/** A local copy of one kind of objects that follows the API server and survives whatever happens to the watch. */
import type { Logger } from '@evently/kit/log';
import { chance, monotonicMs, pause, startTimeLimit } from '@evently/kit/clock';
import type { KubeApi, Scope, WatchEvent } from './api.ts';
import { createBackoff, type Backoff } from './backoff.ts';
import { isGone, KubeError } from './errors.ts';
import { createObjectCache, type Change, type ObjectCache } from './object-cache.ts';
import { resourceName, type KubeObject, type ObjectKey, type Resource } from './resource.ts';
import { defaultIdleLimitMs } from './watch-stream.ts';

export type { Change } from './object-cache.ts';

export type RelistReason = 'start' | 'expired' | 'empty-closes' | 'silent' | 'periodic' | 'error';

export type ReflectorHooks = {
  onRelist?: ((reason: RelistReason) => void) | undefined;
  onWatchRestart?: ((reason: 'closed' | 'error') => void) | undefined;
  onUnreadable?: (() => void) | undefined;
  onHandlerError?: (() => void) | undefined;
  /** An event that was not newer than what is known, and was left out. */
  onStaleEvent?: (() => void) | undefined;
};

export type ReflectorLimits = {
  listDeadlineMs: number;
  idleLimitMs: number;
  relistEveryMs: number;
  /** So many watches in a row without one event or bookmark, and the list is read again. */
  maxEmptyCloses: number;
  firstBackoffMs: number;
  maxBackoffMs: number;
};

export const defaultReflectorLimits: ReflectorLimits = {
  listDeadlineMs: 30_000,
  idleLimitMs: defaultIdleLimitMs,
  relistEveryMs: 600_000,
  maxEmptyCloses: 3,
  firstBackoffMs: 200,
  maxBackoffMs: 30_000,
};

export type ReflectorOptions<T> = {
  api: KubeApi;
  resource: Resource;
  scope: Scope;
  /** Throws when the object is not readable: it is logged and counted, and the last readable one stays. */
  parse: (object: KubeObject) => T;
  log: Logger;
  hooks?: ReflectorHooks | undefined;
  limits?: Partial<ReflectorLimits> | undefined;
};

export type Reflector<T> = {
  /** Begins once, whoever calls how often; after `stop` it does nothing. Never throws and never waits. */
  start: () => void;
  /** Final and quiet: no handler is called and no request is sent after it was called, no watch is open after it. */
  stop: () => Promise<void>;
  /** True once the first full list is in; false when it was stopped before. Never rejects. */
  synced: Promise<boolean>;
  isSynced: () => boolean;
  get: (key: ObjectKey) => T | null;
  /** In order of keys. */
  list: () => readonly T[];
  /** Milliseconds since the API server last said anything of these objects, bookmarks too; Infinity before. */
  lastActivityMs: () => number;
  /** Why the last list or watch failed; null since one was answered. */
  trouble: () => unknown;
  /** Calls `handler` for each change from now on; one that throws is logged and counted. Answers how to end it. */
  onChange: (handler: (change: Change<T>) => void) => () => void;
};

/** A watch that lasted so long did not fail because of what came before it. */
const healthyWatchMs = 10_000;

/** Why a watch is over. */
type WatchEnd = { kind: 'closed' | 'due' | 'stopped' } | { kind: 'error'; error: unknown };

/** What a running reflector knows of itself. */
type Running<T> = {
  options: ReflectorOptions<T>;
  limits: ReflectorLimits;
  cache: ObjectCache<T>;
  lifetime: AbortSignal;
  backoff: Backoff;
  handlers: ReadonlySet<(change: Change<T>) => void>;
  onSynced: () => void;
  activeAtMs: number;
  trouble: unknown;
  fruitlessWatches: number;
};

export function createReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  const limits = { ...defaultReflectorLimits, ...options.limits };
  const lifetime = new AbortController();
  const handlers = new Set<(change: Change<T>) => void>();
  const synced = Promise.withResolvers<boolean>();
  let isSynced = false;
  let loop: Promise<void> | null = null;
  const running: Running<T> = {
    options,
    limits,
    cache: createObjectCache<T>({
      parse: options.parse,
      onUnreadable: (at, why) => noteUnreadable(options, at, why),
    }),
    lifetime: lifetime.signal,
    backoff: createBackoff({ firstMs: limits.firstBackoffMs, maxMs: limits.maxBackoffMs, chance }),
    handlers,
    onSynced: () => {
      isSynced = true;
      synced.resolve(true);
    },
    activeAtMs: Number.NEGATIVE_INFINITY,
    trouble: null,
    fruitlessWatches: 0,
  };
  return {
    start: () => {
      if (!lifetime.signal.aborted) loop ??= run(running);
    },
    stop: async () => {
      lifetime.abort();
      synced.resolve(false);
      await loop;
    },
    synced: synced.promise,
    isSynced: () => isSynced,
    get: (key) => running.cache.get(key),
    list: () => running.cache.list(),
    lastActivityMs: () => monotonicMs() - running.activeAtMs,
    trouble: () => running.trouble,
    onChange: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
}

async function run<T>(running: Running<T>): Promise<void> {
  let reason: RelistReason = 'start';
  while (!running.lifetime.aborted) {
    await listAgain(running, reason);
    reason = await follow(running);
  }
}

/** Reads the whole list, as often as it takes. */
async function listAgain<T>(running: Running<T>, reason: RelistReason): Promise<void> {
  const { api, resource, scope, hooks, log } = running.options;
  const { lifetime, limits } = running;
  while (!lifetime.aborted) {
    try {
      hooks?.onRelist?.(reason);
      const list = await api.list(resource, scope, { signal: lifetime, deadlineMs: limits.listDeadlineMs });
      if (lifetime.aborted) return;
      running.activeAtMs = monotonicMs();
      running.trouble = null;
      tell(running, running.cache.replace(list));
      running.onSynced();
      return;
    } catch (error) {
      if (lifetime.aborted) return;
      running.trouble = error;
      log.warn(
        { err: error, resource: resourceName(resource), reason },
        'the list failed and is tried again',
      );
      await wait(running, error);
    }
  }
}

/** Watches from the last known version on, until only a new list helps; answers why. */
async function follow<T>(running: Running<T>): Promise<RelistReason> {
  const { resource, hooks, log } = running.options;
  const { lifetime, limits } = running;
  const untilMs = monotonicMs() + limits.relistEveryMs;
  running.fruitlessWatches = 0;
  while (!lifetime.aborted) {
    running.fruitlessWatches += 1;
    const openedMs = monotonicMs();
    const end = await watchOnce(running, untilMs);
    if (monotonicMs() - openedMs > healthyWatchMs) running.backoff.reset();
    if (end.kind === 'stopped') break;
    if (end.kind === 'due') return 'periodic';
    const error = end.kind === 'error' ? end.error : null;
    running.trouble = error;
    if (error !== null)
      log.warn({ err: error, resource: resourceName(resource) }, 'the watch failed and is opened again');
    hooks?.onWatchRestart?.(end.kind);
    const reason = relistReason(error, running.fruitlessWatches >= limits.maxEmptyCloses);
    await wait(running, error);
    if (reason !== null) return reason;
  }
  return 'start';
}

/** One watch, until the API server ends it or `untilMs` of the monotonic clock. */
async function watchOnce<T>(running: Running<T>, untilMs: number): Promise<WatchEnd> {
  const { api, resource, scope } = running.options;
  const { lifetime } = running;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const due = startTimeLimit(Math.max(0, untilMs - monotonicMs()), end);
  lifetime.addEventListener('abort', end);
  try {
    const events = api.watch(resource, scope, {
      signal: ending.signal,
      resourceVersion: running.cache.position(),
      idleLimitMs: running.limits.idleLimitMs,
      onOpen: () => {
        running.trouble = null;
      },
    });
    for await (const event of events) {
      if (lifetime.aborted) break;
      take(running, event);
    }
    if (lifetime.aborted) return { kind: 'stopped' };
    return { kind: ending.signal.aborted ? 'due' : 'closed' };
  } catch (error) {
    return lifetime.aborted ? { kind: 'stopped' } : { kind: 'error', error };
  } finally {
    due.clear();
    lifetime.removeEventListener('abort', end);
  }
}

function take<T>(running: Running<T>, event: WatchEvent): void {
  const { cache } = running;
  running.activeAtMs = monotonicMs();
  const before = cache.position();
  if (event.type === 'BOOKMARK') cache.advance(event.resourceVersion);
  else if (event.type === 'UNREADABLE') cache.skip(event.key, event.resourceVersion, event.why);
  else {
    const changes = cache.take(event.type, event.object);
    if (changes === null) running.options.hooks?.onStaleEvent?.();
    else tell(running, changes);
  }
  // Only what leads on counts: a server that repeats itself and closes is met with growing pauses.
  if (cache.position() === before) return;
  running.backoff.reset();
  running.fruitlessWatches = 0;
}

function tell<T>(running: Running<T>, changes: readonly Change<T>[]): void {
  const { hooks, log, resource } = running.options;
  for (const change of changes)
    for (const handler of running.handlers) {
      if (running.lifetime.aborted) return;
      try {
        handler(change);
      } catch (error) {
        hooks?.onHandlerError?.();
        const fields = { err: error, resource: resourceName(resource), change: change.kind };
        log.error(fields, 'a handler of changes threw');
      }
    }
}

function noteUnreadable<T>({ hooks, log, resource }: ReflectorOptions<T>, at: string, why: string): void {
  hooks?.onUnreadable?.();
  log.error(
    { resource: resourceName(resource), object: at, why },
    'an object is not readable; the last readable one stays',
  );
}

/** Waits as long as the backoff says, at least what the API server asked for. */
function wait<T>(running: Running<T>, error: unknown): Promise<void> {
  const askedMs = error instanceof KubeError ? error.retryAfterMs : null;
  return pause(running.backoff.nextMs(askedMs), running.lifetime);
}

/** Null when the watch may go on from where it was. */
function relistReason(error: unknown, tooManyFruitless: boolean): RelistReason | null {
  if (isGone(error)) return 'expired';
  if (error instanceof KubeError && error.reason === 'SilentWatch') return 'silent';
  if (!tooManyFruitless) return null;
  return error === null ? 'empty-closes' : 'error';
}
