/** A local copy of one kind of objects that follows the API server and survives whatever happens to the watch. */
import type { Logger } from '@evently/kit/log';
import type { KubeApi, Scope } from './api.ts';
import type { KubeObject, ObjectKey, Resource } from './resource.ts';

/** `value` is the parsed object now, or the last one known when it was deleted; `before` is what it was. */
export type Change<T> =
  | { kind: 'added'; key: ObjectKey; value: T; object: KubeObject }
  | { kind: 'modified'; key: ObjectKey; value: T; object: KubeObject; before: T }
  | { kind: 'deleted'; key: ObjectKey; value: T; object: KubeObject };

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
  maxEmptyCloses: number;
  firstBackoffMs: number;
  maxBackoffMs: number;
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
  /** Calls `handler` for each change from now on; one that throws is logged and counted. Answers how to end it. */
  onChange: (handler: (change: Change<T>) => void) => () => void;
};
