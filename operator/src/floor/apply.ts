/** Writes one target's floor: `minReplicas` of its autoscaler, that field only, on the version that was looked at. */
import { fieldManager } from '../api/names.ts';
import type { Effects } from '../effects.ts';
import type { KubeApi } from '../kube/api.ts';
import { isConflict } from '../kube/errors.ts';
import { horizontalPodAutoscalers } from '../kube/resource.ts';
import type { Autoscaler } from './contracts.ts';

export type ApplyFloorDeps = { api: Pick<KubeApi, 'apply'>; effects: Effects };

const deadlineMs = 10_000;

/**
 * `conflict`: the autoscaler has changed since, or is gone; nothing was written, look again. Force takes the field
 * over from whoever wrote it last; the version keeps an autoscaler that was deleted from being made anew.
 */
export async function applyFloor(
  deps: ApplyFloorDeps,
  autoscaler: Autoscaler,
  floor: number,
  signal: AbortSignal,
): Promise<'applied' | 'conflict'> {
  const { namespace, name, pool } = autoscaler;
  try {
    await deps.effects.perform(
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
    return 'applied';
  } catch (error) {
    if (isConflict(error)) return 'conflict';
    throw error;
  }
}
