/** What the operator may ask of the API server; every call has a deadline and ends in a value or a `KubeError`. */
import type { KubeObject, ObjectBody, ObjectKey, Resource } from './resource.ts';

export const defaultDeadlineMs = 10_000;

/**
 * `signal` ends the call at once (reason `Cancelled`); `deadlineMs` is for the whole call with all its repetitions,
 * 10 s unless told.
 */
export type CallOptions = { signal?: AbortSignal | undefined; deadlineMs?: number | undefined };

/** Which objects: of one namespace or (null) of all, narrowed by selectors. */
export type Scope = {
  namespace: string | null;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
};

/** An item of a list that is no object; its key when at least that is readable. */
export type UnreadableItem = { key: ObjectKey | null; why: string };
export type KubeList = {
  items: readonly KubeObject[];
  unreadable: readonly UnreadableItem[];
  resourceVersion: string;
};

export type ApplyOptions = CallOptions & {
  /** Who owns the fields that the body names. */
  fieldManager: string;
  /** Takes fields over from other owners; otherwise such a body is refused with a conflict. Default false. */
  force?: boolean | undefined;
  subresource?: 'status' | 'scale' | undefined;
  /** The write happens only on this version of the object; otherwise it is refused with a conflict. */
  resourceVersion?: string | undefined;
};

/** RFC 6902; `test` makes the patch a conditional one. */
export type JsonPatchOperation =
  { op: 'add' | 'replace' | 'test'; path: string; value: unknown } | { op: 'remove'; path: string };

export type WriteOptions = CallOptions & {
  subresource?: 'status' | 'scale' | undefined;
  fieldManager?: string | undefined;
};

export type RemoveOptions = CallOptions & {
  /** Only the object of this uid; another one of the same name stays (conflict). */
  uid?: string | undefined;
  resourceVersion?: string | undefined;
};

export type WatchOptions = {
  signal: AbortSignal;
  /** From which version on. */
  resourceVersion: string;
  /** Ends with `SilentWatch` when nothing, not even a bookmark, came for so long. */
  idleLimitMs?: number | undefined;
  /** When the API server is to end it; random in 300 to 600 s unless told. */
  timeoutSeconds?: number | undefined;
  /** Called when the API server accepted the watch, before its first event. */
  onOpen?: (() => void) | undefined;
};

export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }
  | { type: 'BOOKMARK'; resourceVersion: string }
  /** Something happened to an object that is not readable as one. Never ends the watch. */
  | { type: 'UNREADABLE'; key: ObjectKey | null; resourceVersion: string | null; why: string };

/** The `/scale` subresource. `selector` is a label selector as text. */
export type Scale = {
  specReplicas: number;
  statusReplicas: number;
  selector: string;
  resourceVersion: string;
};

/**
 * Reads are repeated on 429, 5xx and broken connections, writes on 429 only, where the API server says that nothing
 * happened; both at most `maxAttempts` times and within the deadline. A 401 makes the credentials be read again, once.
 */
export type KubeApi = {
  /** Null when there is none. */
  get: (resource: Resource, key: ObjectKey, options?: CallOptions) => Promise<KubeObject | null>;
  /** All pages, of one moment: `resourceVersion` is where a watch goes on. */
  list: (resource: Resource, scope: Scope, options?: CallOptions) => Promise<KubeList>;
  /** `namespace` is null for cluster-wide kinds; the body's metadata has `name` or `generateName`. */
  create: (
    resource: Resource,
    namespace: string | null,
    body: ObjectBody,
    options?: WriteOptions,
  ) => Promise<KubeObject>;
  /** Server-side apply: creates, or changes the fields that the body names and no other. */
  apply: (resource: Resource, key: ObjectKey, body: ObjectBody, options: ApplyOptions) => Promise<KubeObject>;
  /** An operation `test` that does not hold is refused with status 422, and nothing is changed. */
  patchJson: (
    resource: Resource,
    key: ObjectKey,
    operations: readonly JsonPatchOperation[],
    options?: WriteOptions,
  ) => Promise<KubeObject>;
  /** Replaces the whole object; its `metadata.resourceVersion` must still be the stored one (else a conflict). */
  update: (
    resource: Resource,
    key: ObjectKey,
    body: ObjectBody & { metadata: ObjectBody & { resourceVersion: string } },
    options?: WriteOptions,
  ) => Promise<KubeObject>;
  /** False when it was gone already. With finalizers it may still be there, with a `deletionTimestamp`. */
  remove: (resource: Resource, key: ObjectKey, options?: RemoveOptions) => Promise<boolean>;
  /**
   * The stream of changes after `resourceVersion`, with bookmarks; ends when the API server closes it, and quietly
   * when `signal` aborts. An in-stream ERROR, a broken line, a broken connection and silence are thrown as `KubeError`.
   */
  watch: (resource: Resource, scope: Scope, options: WatchOptions) => AsyncIterable<WatchEvent>;
  /** Null when there is no such object. */
  getScale: (resource: Resource, key: ObjectKey, options?: CallOptions) => Promise<Scale | null>;
  /** Ends every connection; calls under way fail. */
  close: () => Promise<void>;
};

/** One finished call, all its attempts together; a watch counts when its headers came. */
export type RequestObservation = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  verb: string;
  /** `horizontalpodautoscalers.autoscaling/status`. */
  resource: string;
  /** The HTTP status of the last attempt, or `<error>` without one. */
  code: string;
  seconds: number;
  retries: number;
};
export type KubeHooks = {
  onRequest?: ((observation: RequestObservation) => void) | undefined;
};
