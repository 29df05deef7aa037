/** Reads autoscalers and pods of the API server: raw objects become a pool and its pods, or say what is wrong. */
import { z } from 'zod';
import { annotations, fieldManager } from '../api/names.ts';
import type { KubeObject, ManagedFields } from '../kube/resource.ts';
import type { Pod, Pool } from '../sale/model.ts';

/** What an autoscaler scales. */
export type ScaleTarget = { apiVersion: string; kind: string; name: string };

export type Autoscaler = {
  namespace: string;
  name: string;
  uid: string;
  pool: Pool;
  scaleTarget: ScaleTarget;
  /** What is wrong with the annotations, a sentence each; the pool holds null in their place. */
  faults: readonly string[];
};

const autoscalerSpec = z.object({
  minReplicas: z.int().min(0).default(1),
  maxReplicas: z.int().min(1),
  scaleTargetRef: z.object({ apiVersion: z.string().default('apps/v1'), kind: z.string(), name: z.string() }),
});

/** Throws for what no API server sends. */
export function readAutoscaler(object: KubeObject): Autoscaler {
  const spec = autoscalerSpec.parse(object['spec']);
  const { metadata } = object;
  const faults: string[] = [];
  const number = (name: string, least: number): number | null => {
    const text = metadata.annotations[name];
    if (text === undefined) return null;
    const value = Number(text);
    if (/^\d{1,7}(\.\d{1,6})?$/.test(text) && value >= least) return value;
    faults.push(`the annotation ${name} is "${text}": it must be a number of at least ${least}`);
    return null;
  };
  const baseline = number(annotations.baselineReplicas, 1);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    pool: {
      name: metadata.name,
      resourceVersion: metadata.resourceVersion,
      minReplicas: spec.minReplicas,
      maxReplicas: spec.maxReplicas,
      baselineReplicas: baseline === null ? null : Math.ceil(baseline),
      perPodPerSecond: number(annotations.perPod, 0.001),
      perEventPerSecond: number(annotations.perEvent, 0.001),
      otherWriter: otherWriterOf(metadata.managedFields),
    },
    scaleTarget: spec.scaleTargetRef,
    faults,
  };
}

/**
 * Who last wrote `spec.minReplicas` beside the operator. An entry in `managedFields` stays with its writer until
 * another one changes the value: a rival that took the field over stands there without the operator.
 */
function otherWriterOf(managedFields: readonly ManagedFields[]): Pool['otherWriter'] {
  const others = managedFields
    .filter((entry) => entry.manager !== fieldManager && ownsFloor(entry.fieldsV1))
    .map((entry) => ({
      manager: entry.manager ?? 'an unnamed writer',
      atMs: entry.time === undefined ? 0 : Date.parse(entry.time),
    }));
  return others.toSorted((a, b) => b.atMs - a.atMs)[0] ?? null;
}

const floorField = z.looseObject({ 'f:spec': z.looseObject({ 'f:minReplicas': z.unknown() }) });

function ownsFloor(fields: unknown): boolean {
  const parsed = floorField.safeParse(fields);
  return parsed.success && 'f:minReplicas' in parsed.data['f:spec'];
}

/** A pod and the labels that selectors look at. */
export type LabelledPod = Pod & {
  namespace: string;
  labels: Readonly<Record<string, string>>;
  reason: string;
};

const podStatus = z.object({
  podIP: z.string().min(1).optional(),
  phase: z.string().optional(),
  conditions: z
    .array(
      z.object({
        type: z.string(),
        status: z.string(),
        reason: z.string().optional(),
        lastTransitionTime: z.string().nullish(),
      }),
    )
    .default([]),
  containerStatuses: z
    .array(
      // A container that was made and is not started yet waits without a reason.
      z.object({
        state: z.object({ waiting: z.object({ reason: z.string().default('') }).optional() }).default({}),
      }),
    )
    .default([]),
});

/** Throws for what no API server sends. A pod that has ended is one that is terminating. */
export function readPod(object: KubeObject): LabelledPod {
  const { metadata } = object;
  const status = podStatus.parse(object['status'] ?? {});
  const trueSince = (type: string): number | null => {
    const condition = status.conditions.find((one) => one.type === type);
    if (condition?.status !== 'True') return null;
    const since = condition.lastTransitionTime ?? null;
    return since === null ? Date.parse(metadata.creationTimestamp) : Date.parse(since);
  };
  const readyAtMs = trueSince('Ready');
  const ended = status.phase === 'Succeeded' || status.phase === 'Failed';
  const unscheduled = status.conditions.find((one) => one.type === 'PodScheduled' && one.status === 'False');
  const reasons = status.containerStatuses.map((one) => one.state.waiting?.reason ?? '');
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    ip: status.podIP ?? null,
    ready: readyAtMs !== null && !ended && metadata.deletionTimestamp === undefined,
    createdAtMs: Date.parse(metadata.creationTimestamp),
    scheduledAtMs: trueSince('PodScheduled'),
    readyAtMs,
    terminating: ended || metadata.deletionTimestamp !== undefined,
    labels: metadata.labels,
    reason: unscheduled?.reason ?? reasons.find((reason) => reason !== '') ?? '',
  };
}
