/** Writes one target's floor: `minReplicas` of its autoscaler, that field only, on the version that was looked at. */
import { fieldManager } from '../api/names.ts';
import type { Effects } from '../effects.ts';
import type { Knowledge } from '../knowledge.ts';
import type { KubeApi } from '../kube/api.ts';
import { isConflict, isForbidden } from '../kube/errors.ts';
import { horizontalPodAutoscalers, type KubeObject } from '../kube/resource.ts';
import type { Autoscaler } from './contracts.ts';

export type ApplyFloorDeps = {
  api: Pick<KubeApi, 'apply'>;
  effects: Effects;
  knowledge: Pick<Knowledge, 'forbidden'>;
};

const deadlineMs = 10_000;

/** `stampedAtMs`: when the API server took it, by its own clock; null when its answer does not say. */
export type FloorApplied = { kind: 'applied'; stampedAtMs: number | null } | { kind: 'conflict' };

/**
 * `conflict`: the autoscaler has changed since, or is gone; nothing was written, look again. Force takes the field
 * over from whoever wrote it last; the version keeps an autoscaler that was deleted from being made anew.
 */
export async function applyFloor(
  deps: ApplyFloorDeps,
  autoscaler: Autoscaler,
  floor: number,
  signal: AbortSignal,
): Promise<FloorApplied> {
  const { namespace, name, pool } = autoscaler;
  const topic = `floor of ${namespace}/${name}`;
  try {
    const stored = await deps.effects.perform(
      {
        name: 'apply-floor',
        on: `${namespace}/${name}`,
        deadlineMs,
        detail: { from: pool.minReplicas, to: floor },
        run: (ends) =>
          deps.api.apply(
            horizontalPodAutoscalers,
            { namespace, name },
            { spec: { minReplicas: floor } },
            { fieldManager, force: true, resourceVersion: pool.resourceVersion, signal: ends, deadlineMs },
          ),
      },
      signal,
    );
    deps.knowledge.forbidden.delete(topic);
    return { kind: 'applied', stampedAtMs: stampOf(stored) };
  } catch (error) {
    // The sales of the target say it; the error itself brings the target back.
    if (isForbidden(error)) deps.knowledge.forbidden.set(topic, error.message);
    if (isConflict(error)) return { kind: 'conflict' };
    throw error;
  }
}

function stampOf({ metadata }: KubeObject): number | null {
  const own = metadata.managedFields.find(({ manager }) => manager === fieldManager);
  return own?.time === undefined ? null : Date.parse(own.time);
}
