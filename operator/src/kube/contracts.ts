/** What the API server sends, as schemas: objects, lists, refusals, watch lines, scales. The only parser of answers. */
import { z } from 'zod';
import { apiVersionOf, type KubeObject, type ObjectKey, type Resource } from './resource.ts';

const textByText = z.record(z.string(), z.string());

const metadataSchema = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().optional(),
  uid: z.string().min(1),
  resourceVersion: z.string().min(1),
  generation: z.number().optional(),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().optional(),
  labels: textByText.default({}),
  annotations: textByText.default({}),
  finalizers: z.array(z.string()).default([]),
  ownerReferences: z
    .array(
      z.looseObject({
        apiVersion: z.string(),
        kind: z.string(),
        name: z.string(),
        uid: z.string(),
        controller: z.boolean().optional(),
      }),
    )
    .default([]),
  managedFields: z
    .array(
      z.looseObject({
        manager: z.string().optional(),
        operation: z.string().optional(),
        subresource: z.string().optional(),
        time: z.string().optional(),
        fieldsV1: z.unknown(),
      }),
    )
    .default([]),
});

/** Items of a typed list have neither apiVersion nor kind. */
const objectSchema = z.looseObject({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: metadataSchema,
});

const listSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string().default(''), continue: z.string().default('') }),
  // The API server of Go writes an empty list as null.
  items: z
    .array(z.unknown())
    .nullable()
    .transform((items) => items ?? []),
});

const statusSchema = z.looseObject({
  kind: z.literal('Status'),
  code: z.number().optional(),
  reason: z.string().default(''),
  message: z.string().default(''),
  details: z.looseObject({ retryAfterSeconds: z.number().optional() }).optional(),
});

const watchLineSchema = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});

const bookmarkSchema = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string().min(1) }) });

const addressSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string().min(1), namespace: z.string().optional() }),
});

const scaleSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string() }),
  spec: z.looseObject({ replicas: z.number().default(0) }).default({ replicas: 0 }),
  status: z
    .looseObject({ replicas: z.number().default(0), selector: z.string().default('') })
    .default({ replicas: 0, selector: '' }),
});

export type Parsed<T> = { ok: true; value: T } | { ok: false; why: string };

function parsedBy<T>(schema: z.ZodType<T>, raw: unknown): Parsed<T> {
  const result = schema.safeParse(raw);
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, why: z.prettifyError(result.error).replaceAll('\n', ' ') };
}

/** Every part of it, to the last leaf, cannot be changed afterwards. Depth is what JSON allows. */
export function freezeDeep(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freezeDeep(part);
}

export function parseObject(resource: Resource, raw: unknown): Parsed<KubeObject> {
  const parsed = parsedBy(objectSchema, raw);
  if (!parsed.ok) return parsed;
  const object: KubeObject = { ...parsed.value, apiVersion: apiVersionOf(resource), kind: resource.kind };
  freezeDeep(object);
  return { ok: true, value: object };
}

export type ListPage = { items: unknown[]; resourceVersion: string; continueToken: string };
export function parseList(raw: unknown): Parsed<ListPage> {
  const parsed = parsedBy(listSchema, raw);
  if (!parsed.ok) return parsed;
  const { items, metadata } = parsed.value;
  return {
    ok: true,
    value: { items, resourceVersion: metadata.resourceVersion, continueToken: metadata.continue },
  };
}

export type StatusAnswer = {
  code: number | null;
  reason: string;
  message: string;
  retryAfterMs: number | null;
};
/** Null when it is no `Status`. */
export function parseStatus(raw: unknown): StatusAnswer | null {
  const parsed = statusSchema.safeParse(raw);
  if (!parsed.success) return null;
  const { code, reason, message, details } = parsed.data;
  const seconds = details?.retryAfterSeconds;
  return { code: code ?? null, reason, message, retryAfterMs: seconds === undefined ? null : seconds * 1000 };
}

export function parseWatchLine(raw: unknown): Parsed<z.output<typeof watchLineSchema>> {
  return parsedBy(watchLineSchema, raw);
}

/** The version of a bookmark; null without one. */
export function versionOf(raw: unknown): string | null {
  const parsed = bookmarkSchema.safeParse(raw);
  return parsed.success ? parsed.data.metadata.resourceVersion : null;
}

/** Which object something is that is otherwise not readable; null when not even its name is. */
export function addressOf(raw: unknown): ObjectKey | null {
  const parsed = addressSchema.safeParse(raw);
  if (!parsed.success) return null;
  return { namespace: parsed.data.metadata.namespace ?? null, name: parsed.data.metadata.name };
}

export function parseScale(
  raw: unknown,
): Parsed<{ specReplicas: number; statusReplicas: number; selector: string; resourceVersion: string }> {
  const parsed = parsedBy(scaleSchema, raw);
  if (!parsed.ok) return parsed;
  const { metadata, spec, status } = parsed.value;
  return {
    ok: true,
    value: {
      specReplicas: spec.replicas,
      statusReplicas: status.replicas,
      selector: status.selector,
      resourceVersion: metadata.resourceVersion,
    },
  };
}
