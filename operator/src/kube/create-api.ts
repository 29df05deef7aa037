/** `KubeApi` on a connection: which path, verb, query and content type each call is. */
import { chance } from '@evently/kit/clock';
import type {
  KubeApi,
  KubeHooks,
  KubeList,
  Scale,
  Scope,
  UnreadableItem,
  WatchEvent,
  WatchOptions,
} from './api.ts';
import type { Connection } from './connection.ts';
import { addressOf, parseList, parseObject, parseScale, type Parsed } from './contracts.ts';
import { isGone, KubeError, type Call, type Verb } from './errors.ts';
import { brokenAnswer, createRequests, type CallRequest, type Requests } from './requests.ts';
import {
  apiVersionOf,
  collectionPath,
  objectPath,
  type KubeObject,
  type ObjectBody,
  type ObjectKey,
  type Resource,
} from './resource.ts';
import { defaultIdleLimitMs, streamEvents } from './watch-stream.ts';

const pageSize = 500;
const maxPages = 1_000;
/** A list that expires between two pages begins again, the last time without pages. */
const maxListStarts = 3;
const watchSeconds = { least: 300, most: 600 };
const listDeadlineMs = 30_000;

export function createKubeApi(connection: Connection, hooks: KubeHooks = {}): KubeApi {
  const requests = createRequests(connection, hooks);
  return { ...createReads(requests), ...createWrites(requests), close: () => connection.close() };
}

function createReads(requests: Requests): Pick<KubeApi, 'get' | 'list' | 'watch' | 'getScale'> {
  return {
    get: async (resource, key, options) => {
      const call = callOn('get', resource, key);
      const raw = await unlessAbsent(
        requests.exchange({ call, method: 'GET', path: objectPath(resource, key), options }),
      );
      return raw === null ? null : objectOf(call, raw);
    },
    list: (resource, scope, options) => listAll(requests, resource, scope, options ?? {}),
    watch: (resource, scope, options) => watchFrom(requests, resource, scope, options),
    getScale: async (resource, key, options): Promise<Scale | null> => {
      const call = callOn('get', resource, key, 'scale');
      const path = objectPath(resource, key, 'scale');
      const raw = await unlessAbsent(requests.exchange({ call, method: 'GET', path, options }));
      return raw === null ? null : readAs(call, parseScale(raw));
    },
  };
}

function createWrites(
  requests: Requests,
): Pick<KubeApi, 'create' | 'apply' | 'patchJson' | 'update' | 'remove'> {
  return {
    create: async (resource, namespace, body, options) => {
      const call: Call = { verb: 'create', resource, namespace };
      const path = collectionPath(resource, namespace);
      const query = { fieldManager: options?.fieldManager };
      const typed = withType(resource, body);
      return objectOf(
        call,
        await requests.exchange({ call, method: 'POST', path, query, body: typed, options }),
      );
    },
    apply: async (resource, key, body, options) => {
      const call = callOn('patch', resource, key, options.subresource);
      const { resourceVersion, fieldManager, force } = options;
      const metadata = resourceVersion === undefined ? {} : { resourceVersion };
      const request: CallRequest = {
        call,
        method: 'PATCH',
        path: objectPath(resource, key, options.subresource),
        query: { fieldManager, force: force === true ? 'true' : undefined },
        // The server reads it as YAML, of which JSON is a part.
        contentType: 'application/apply-patch+yaml',
        body: withAddress(resource, key, body, metadata),
        options,
      };
      return objectOf(call, await requests.exchange(request));
    },
    patchJson: async (resource, key, operations, options) => {
      const call = callOn('patch', resource, key, options?.subresource);
      const request: CallRequest = {
        call,
        method: 'PATCH',
        path: objectPath(resource, key, options?.subresource),
        query: { fieldManager: options?.fieldManager },
        contentType: 'application/json-patch+json',
        body: operations,
        options,
      };
      return objectOf(call, await requests.exchange(request));
    },
    update: async (resource, key, body, options) => {
      const call = callOn('update', resource, key, options?.subresource);
      const request: CallRequest = {
        call,
        method: 'PUT',
        path: objectPath(resource, key, options?.subresource),
        query: { fieldManager: options?.fieldManager },
        body: withAddress(resource, key, body, {}),
        options,
      };
      return objectOf(call, await requests.exchange(request));
    },
    remove: async (resource, key, options) => {
      const call = callOn('delete', resource, key);
      const { uid, resourceVersion } = options ?? {};
      const preconditions = {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions };
      const path = objectPath(resource, key);
      return (
        (await unlessAbsent(requests.exchange({ call, method: 'DELETE', path, body, options }))) !== null
      );
    },
  };
}

function objectOf(call: Call, raw: unknown): KubeObject {
  return readAs(call, parseObject(call.resource, raw));
}

function callOn(verb: Verb, resource: Resource, key: ObjectKey, subresource?: string): Call {
  return { verb, resource, subresource, namespace: key.namespace, name: key.name };
}

function readAs<T>(call: Call, parsed: Parsed<T>): T {
  if (!parsed.ok) throw brokenAnswer(call, parsed.why);
  return parsed.value;
}

async function unlessAbsent(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return null;
    throw error;
  }
}

function withType(resource: Resource, body: ObjectBody): ObjectBody {
  return { ...body, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function withAddress(resource: Resource, key: ObjectKey, body: ObjectBody, more: ObjectBody): ObjectBody {
  const given = body['metadata'];
  const metadata = {
    ...(typeof given === 'object' && given !== null ? given : {}),
    name: key.name,
    ...(key.namespace === null ? {} : { namespace: key.namespace }),
    ...more,
  };
  return { ...withType(resource, body), metadata };
}

function selectorsOf({ labelSelector, fieldSelector }: Scope): Record<string, string | undefined> {
  return { labelSelector, fieldSelector };
}

async function listAll(
  requests: Requests,
  resource: Resource,
  scope: Scope,
  options: { signal?: AbortSignal | undefined; deadlineMs?: number | undefined },
): Promise<KubeList> {
  const timed = { ...options, deadlineMs: options.deadlineMs ?? listDeadlineMs };
  for (let start = 1; ; start += 1) {
    try {
      return await listPages(requests, resource, scope, timed, start < maxListStarts);
    } catch (error) {
      if (!isGone(error) || start >= maxListStarts) throw error;
    }
  }
}

async function listPages(
  requests: Requests,
  resource: Resource,
  scope: Scope,
  options: { signal?: AbortSignal | undefined; deadlineMs: number },
  paged: boolean,
): Promise<KubeList> {
  const call: Call = { verb: 'list', resource, namespace: scope.namespace };
  const path = collectionPath(resource, scope.namespace);
  const items: KubeObject[] = [];
  const unreadable: UnreadableItem[] = [];
  let continueToken = '';
  for (let page = 1; page <= maxPages; page += 1) {
    const query = {
      ...selectorsOf(scope),
      limit: paged ? String(pageSize) : undefined,
      continue: continueToken === '' ? undefined : continueToken,
    };
    const read = readAs(
      call,
      parseList(await requests.exchange({ call, method: 'GET', path, query, options })),
    );
    for (const raw of read.items) {
      const parsed = parseObject(resource, raw);
      if (parsed.ok) items.push(parsed.value);
      else unreadable.push({ key: addressOf(raw), why: parsed.why });
    }
    if (read.continueToken === '')
      return { items: Object.freeze(items), unreadable, resourceVersion: read.resourceVersion };
    continueToken = read.continueToken;
  }
  throw brokenAnswer(call, `the list has more than ${maxPages} pages`);
}

function watchFrom(
  requests: Requests,
  resource: Resource,
  scope: Scope,
  options: WatchOptions,
): AsyncIterable<WatchEvent> {
  const call: Call = { verb: 'watch', resource, namespace: scope.namespace };
  const { least, most } = watchSeconds;
  const seconds = options.timeoutSeconds ?? Math.round(least + chance() * (most - least));
  const request: CallRequest = {
    call,
    method: 'GET',
    path: collectionPath(resource, scope.namespace),
    query: {
      ...selectorsOf(scope),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: options.resourceVersion,
      timeoutSeconds: String(seconds),
    },
  };
  return streamEvents({
    call,
    open: async (signal) => {
      const opened = await requests.openStream(request, signal);
      options.onOpen?.();
      return opened;
    },
    signal: options.signal,
    idleLimitMs: options.idleLimitMs ?? defaultIdleLimitMs,
  });
}
