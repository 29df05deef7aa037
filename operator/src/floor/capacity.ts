/** How many pods a need takes, and which part of it no number of pods can serve. Pure. */
import type { Need, Pool } from '../sale/model.ts';

export type PodNeed = {
  /** Null when the demand cannot be turned into pods: the pool does not say what one pod serves. */
  pods: number | null;
  /** Reservations a second above what one event's row serves, however many pods there are; 0 for none. */
  unreachablePerSecond: number;
  /** A sentence for a person about what is missing or unreachable; null when there is nothing to say. */
  reason: string | null;
};

// A quotient such as 0.9 / 0.3 is a hair above the whole number that it means.
const roundingShare = 1e-9;

/**
 * Pods for `need`: demand divided by what one pod was measured to serve, rounded up; or the pods named outright.
 * The part above one event's limit is still counted into pods (they answer the refusals), and is told.
 */
export function podsFor(
  need: Need,
  pool: Pick<Pool, 'perPodPerSecond' | 'perEventPerSecond'>,
  targetName: string,
): PodNeed {
  switch (need.kind) {
    case 'none':
      return { pods: 0, unreachablePerSecond: 0, reason: null };
    case 'floor':
      return { pods: need.replicas, unreachablePerSecond: 0, reason: null };
    case 'demand':
      return podsForDemand(need.reservationsPerSecond, pool, targetName);
  }
}

function podsForDemand(
  demand: number,
  pool: Pick<Pool, 'perPodPerSecond' | 'perEventPerSecond'>,
  targetName: string,
): PodNeed {
  const perEvent = positive(pool.perEventPerSecond);
  const perPod = positive(pool.perPodPerSecond);
  const unreachablePerSecond = perEvent === null ? 0 : Math.max(0, demand - perEvent);
  const limited =
    perEvent === null || unreachablePerSecond === 0
      ? null
      : `${demand} reservations a second were asked for, and one event serves ${perEvent} however many pods there are: ${unreachablePerSecond} a second will wait or be refused.`;
  if (perPod === null) {
    const unknown = `HorizontalPodAutoscaler ${targetName} does not say what one pod serves: set its annotation evently.dev/reservations-per-second-per-pod, or use spec.floor.replicas.`;
    return { pods: null, unreachablePerSecond, reason: unknown };
  }
  return { pods: Math.ceil((demand / perPod) * (1 - roundingShare)), unreachablePerSecond, reason: limited };
}

function positive(value: number | null): number | null {
  return value !== null && Number.isFinite(value) && value > 0 ? value : null;
}
