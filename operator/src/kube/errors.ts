/** The one error that a call to the API server ends with: what was refused, why, and what to do about it. */
import { resourceName, type Resource } from './resource.ts';

/** The verb as RBAC names it. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** What was asked of the API server, for messages and metrics. */
export type Call = Readonly<{
  verb: Verb;
  resource: Resource;
  subresource?: string | undefined;
  namespace: string | null;
  name?: string | undefined;
}>;

/** Reasons of our own, beside those of the API server's `Status`: nothing was answered, or not what was agreed. */
export type OwnReason = 'ConnectionFailed' | 'DeadlinePassed' | 'Cancelled' | 'BrokenAnswer' | 'SilentWatch';

export type KubeErrorParts = Readonly<{
  call: Call;
  /** The HTTP status; 0 when there was no answer. */
  status: number;
  /** `Status.reason` of the API server (Conflict, NotFound, Expired, Forbidden, ...) or an `OwnReason`. */
  reason: string;
  /** What the other side said. */
  said: string;
  retryAfterMs?: number | null;
  cause?: unknown;
}>;

/** `message` says what to do; `said` is the API server's own text. */
export class KubeError extends Error {
  readonly call: Call;
  readonly status: number;
  readonly reason: string;
  readonly said: string;
  /** How long the API server asked to wait; null when it did not. */
  readonly retryAfterMs: number | null;

  constructor(parts: KubeErrorParts) {
    super(messageOf(parts), parts.cause === undefined ? {} : { cause: parts.cause });
    this.name = 'KubeError';
    this.call = parts.call;
    this.status = parts.status;
    this.reason = parts.reason;
    this.said = parts.said;
    this.retryAfterMs = parts.retryAfterMs ?? null;
  }
}

/** Somebody wrote in between, or a precondition did not hold: read again, decide again. */
export function isConflict(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 409 && error.reason !== 'AlreadyExists';
}
export function isAlreadyExists(error: unknown): error is KubeError {
  return error instanceof KubeError && error.reason === 'AlreadyExists';
}
export function isNotFound(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 404;
}
export function isForbidden(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 403;
}
/** The asked version is no longer kept: only a new list helps. */
export function isGone(error: unknown): error is KubeError {
  return (
    error instanceof KubeError &&
    (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone')
  );
}
/** The caller's own signal ended the call. */
export function isCancelled(error: unknown): error is KubeError {
  return error instanceof KubeError && error.reason === 'Cancelled';
}
/** Nothing is known about the effect of a write that ended so. */
export function isUnanswered(error: unknown): error is KubeError {
  return error instanceof KubeError && (error.status === 0 || error.status >= 500);
}

function targetOf({ resource, subresource, namespace, name }: Call): string {
  const what = resourceName(resource, subresource);
  const which = name === undefined ? what : `${what} ${name}`;
  if (namespace !== null) return `${which} in namespace ${namespace}`;
  return resource.namespaced ? `${which} in all namespaces` : which;
}

function missingRule({ verb, resource, subresource, namespace }: Call): string {
  const rule = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  const where = namespace === null ? 'ClusterRole' : `Role of namespace ${namespace}`;
  return `add the verb "${verb}" on "${rule}" of API group "${resource.group}" to its ${where}`;
}

function adviceOf({ call, status, reason, retryAfterMs }: KubeErrorParts): string {
  switch (reason) {
    case 'ConnectionFailed':
      return 'check that the API server runs and that its address and certificate are right';
    case 'DeadlinePassed':
      return 'the API server did not answer in time; it is repeated by the next attempt';
    case 'Cancelled':
      return 'the caller ended the call';
    case 'BrokenAnswer':
      return 'what answered is not a Kubernetes API server, or the connection broke; check proxies in between';
    case 'SilentWatch':
      return 'the watch is opened again after a new list';
    default:
      break;
  }
  if (status === 401)
    return 'the credentials are not accepted: check the service account token or the kubeconfig';
  if (status === 403) return `the operator's account lacks a permission: ${missingRule(call)}`;
  if (status === 404 && call.name === undefined)
    return `the API server does not know ${resourceName(call.resource)} ${call.resource.version}, or the namespace: install the CRD, check the namespace`;
  if (status === 404) return 'it does not exist (any more)';
  if (status === 409 && reason === 'AlreadyExists') return 'it exists already: read it instead';
  if (status === 409) return 'somebody changed it meanwhile: read it again and decide again';
  if (status === 410) return 'the asked version is no longer kept: list again';
  if (status === 415 || status === 400)
    return 'the request itself is wrong: this is a defect of the operator';
  if (status === 422) return 'the API server refused the values: correct the named fields';
  if (status === 429)
    return `the API server is busy: wait ${retryAfterMs === null || retryAfterMs === undefined ? 'and repeat' : `${retryAfterMs} ms`}`;
  return 'the API server has a problem: look at its log; it is repeated with growing pauses';
}

function messageOf(parts: KubeErrorParts): string {
  const answered = parts.status === 0 ? parts.reason : `${parts.status} ${parts.reason}`;
  return `cannot ${parts.call.verb} ${targetOf(parts.call)}: ${answered}; ${adviceOf(parts)} (${parts.said})`;
}
