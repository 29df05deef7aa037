/** What the Kubernetes API speaks of: kinds of resources, their addresses, and objects as plain frozen JSON. */

/** One kind of object, as the API server's discovery names it. `group` is empty for the core group. */
export type Resource = Readonly<{
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespaced: boolean;
}>;

export const pods: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
export const deployments: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
export const horizontalPodAutoscalers: Resource = {
  group: 'autoscaling',
  version: 'v2',
  plural: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  namespaced: true,
};
export const leases: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
export const events: Resource = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};

/** Who wrote which fields last, for server-side apply. */
export type ManagedFields = Readonly<{
  manager?: string | undefined;
  operation?: string | undefined;
  subresource?: string | undefined;
  time?: string | undefined;
  fieldsV1?: unknown;
}>;
export type OwnerReference = Readonly<{
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean | undefined;
}>;

/** Metadata of an object that the API server stored. Times are RFC 3339 strings, as sent. */
export type ObjectMeta = Readonly<{
  name: string;
  namespace?: string | undefined;
  uid: string;
  resourceVersion: string;
  generation?: number | undefined;
  creationTimestamp: string;
  deletionTimestamp?: string | undefined;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  finalizers: readonly string[];
  ownerReferences: readonly OwnerReference[];
  managedFields: readonly ManagedFields[];
}>;

/** An object as the API server sent it, frozen to the last leaf. What is not metadata is for the reader to parse. */
export type KubeObject = Readonly<{
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}>;

/** What a caller writes; `apiVersion`, `kind` and the address are filled in from the resource and the key. */
export type ObjectBody = Readonly<Record<string, unknown>>;

/** Where one object is. `namespace` is null for cluster-wide kinds. */
export type ObjectKey = Readonly<{ namespace: string | null; name: string }>;

export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** `horizontalpodautoscalers.autoscaling/status`: how messages and rules name a resource. */
export function resourceName(resource: Resource, subresource?: string): string {
  const base = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
  return subresource === undefined ? base : `${base}/${subresource}`;
}

/** `namespace/name`, or the name alone for cluster-wide objects: the key of caches and queues. */
export function keyText(key: ObjectKey): string {
  return key.namespace === null ? key.name : `${key.namespace}/${key.name}`;
}

export function keyOf(object: KubeObject): ObjectKey {
  return { namespace: object.metadata.namespace ?? null, name: object.metadata.name };
}

/** The path of a collection; `namespace` null means all namespaces, or a cluster-wide kind. */
export function collectionPath(resource: Resource, namespace: string | null): string {
  const root = resource.group === '' ? '/api' : `/apis/${encodeURIComponent(resource.group)}`;
  const within =
    namespace === null || !resource.namespaced ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}/${resource.version}${within}/${resource.plural}`;
}

export function objectPath(resource: Resource, key: ObjectKey, subresource?: string): string {
  const base = `${collectionPath(resource, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource === undefined ? base : `${base}/${subresource}`;
}
