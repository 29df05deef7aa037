/** The objects of one kind as last known, in the order of their versions: what an event or a new list changes. */
import type { KubeList } from './api.ts';
import type { Parsed } from './contracts.ts';
import { keyOf, keyText, type KubeObject, type ObjectKey } from './resource.ts';

/** `value` is the parsed object now, or the last one known when it was deleted; `before` is what it was. */
export type Change<T> =
  | { kind: 'added'; key: ObjectKey; value: T; object: KubeObject }
  | { kind: 'modified'; key: ObjectKey; value: T; object: KubeObject; before: T }
  | { kind: 'deleted'; key: ObjectKey; value: T; object: KubeObject };

export type ObjectCache<T> = {
  /** Takes a whole list as the truth; what it lacks was deleted. */
  replace: (list: KubeList) => Change<T>[];
  /** Takes one event; null when it is not newer than what is known. */
  take: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject) => Change<T>[] | null;
  /** An event of an object that is not readable: the last readable one stays. */
  skip: (key: ObjectKey | null, resourceVersion: string | null, why: string) => void;
  /** Everything up to this version is known. */
  advance: (resourceVersion: string) => void;
  position: () => string;
  get: (key: ObjectKey) => T | null;
  list: () => readonly T[];
};

export type ObjectCacheOptions<T> = {
  parse: (object: KubeObject) => T;
  /** Once for each version of an object. */
  onUnreadable: (at: string, why: string) => void;
};

type Entry<T> = { key: ObjectKey; object: KubeObject; value: T };

/**
 * Below zero when `a` is older than `b`. Versions are decimal numbers that grow with each write of a kind
 * (Kubernetes enhancement 5504); null when one of them is not, and only equality means something.
 */
export function compareVersions(a: string, b: string): number | null {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return a === b ? 0 : null;
  return a.length === b.length ? (a < b ? -1 : Number(a > b)) : a.length - b.length;
}

export function createObjectCache<T>({ parse, onUnreadable }: ObjectCacheOptions<T>): ObjectCache<T> {
  const entries = new Map<string, Entry<T>>();
  const unreadable = new Map<string, string>();
  let position = '';

  function noteUnreadable(at: string, version: string, why: string): void {
    if (unreadable.get(at) === version) return;
    unreadable.set(at, version);
    onUnreadable(at, why);
  }

  function remove(at: string, object: KubeObject | null): Change<T>[] {
    const entry = entries.get(at);
    unreadable.delete(at);
    if (entry === undefined) return [];
    entries.delete(at);
    return [{ kind: 'deleted', key: entry.key, value: entry.value, object: object ?? entry.object }];
  }

  /** Another object of the same name is a deletion and an addition. */
  function put(object: KubeObject): Change<T>[] {
    const key = keyOf(object);
    const at = keyText(key);
    const old = entries.get(at);
    if (old?.object.metadata.resourceVersion === object.metadata.resourceVersion) return [];
    const removed =
      old !== undefined && old.object.metadata.uid !== object.metadata.uid ? remove(at, null) : [];
    const parsed = parsedOrWhy(parse, object);
    if (!parsed.ok) {
      noteUnreadable(at, object.metadata.resourceVersion, parsed.why);
      return removed;
    }
    const { value } = parsed;
    unreadable.delete(at);
    const before = entries.get(at);
    entries.set(at, { key, object, value });
    if (before === undefined) return [...removed, { kind: 'added', key, value, object }];
    return [{ kind: 'modified', key, value, object, before: before.value }];
  }

  return {
    replace: (list) => {
      const here = new Set(list.items.map((object) => keyText(keyOf(object))));
      for (const { key, why } of list.unreadable) {
        const at = key === null ? '(without a name)' : keyText(key);
        here.add(at);
        noteUnreadable(at, list.resourceVersion, why);
      }
      const gone = [...entries.keys()].filter((at) => !here.has(at)).flatMap((at) => remove(at, null));
      for (const at of unreadable.keys()) if (!here.has(at)) unreadable.delete(at);
      position = list.resourceVersion;
      return [...gone, ...list.items.flatMap(put)];
    },
    take: (type, object) => {
      const version = object.metadata.resourceVersion;
      const order = compareVersions(version, position);
      if (order !== null && order <= 0) return null;
      position = version;
      return type === 'DELETED' ? remove(keyText(keyOf(object)), object) : put(object);
    },
    skip: (key, resourceVersion, why) => {
      noteUnreadable(key === null ? '(without a name)' : keyText(key), resourceVersion ?? position, why);
      if (resourceVersion !== null) position = resourceVersion;
    },
    advance: (resourceVersion) => {
      const order = compareVersions(resourceVersion, position);
      if (order === null || order > 0) position = resourceVersion;
    },
    position: () => position,
    get: (key) => entries.get(keyText(key))?.value ?? null,
    list: () => [...entries.keys()].toSorted().flatMap((at) => entries.get(at)?.value ?? []),
  };
}

function parsedOrWhy<T>(parse: (object: KubeObject) => T, object: KubeObject): Parsed<T> {
  try {
    return { ok: true, value: parse(object) };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}
