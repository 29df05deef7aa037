/** One sync of a HorizontalPodAutoscaler, as Kubernetes 1.36 decides it with one or more AverageValue metrics. Pure. */

export const syncSeconds = 15;
const tolerance = 0.1;
/** The default policies of `behavior`: at most four more pods or twice as many each 15 s; down only to the highest of 5 min. */
const morePods = 4;
const moreTimes = 2;
const stabilisationSeconds = 300;

export type Recommendation = { atSeconds: number; replicas: number };
export type Autoscaler = {
  minReplicas: number;
  maxReplicas: number;
  /** Of the last five minutes, what the metrics asked for. */
  recommended: readonly Recommendation[];
};
/** The sum of a metric over all pods, and what one pod is to have of it. */
export type Metric = { total: number; perPod: number };

/**
 * The replicas after a sync. A count outside the bounds is put inside at once and no metric is read; otherwise the
 * largest wish of the metrics counts, within the tolerance, the policies and the bounds (the order of the branches
 * of the real controller).
 */
export function syncReplicas(
  autoscaler: Autoscaler,
  current: number,
  metrics: readonly Metric[],
  atSeconds: number,
): { replicas: number; recommended: readonly Recommendation[] } {
  const { minReplicas, maxReplicas, recommended } = autoscaler;
  if (current > maxReplicas) return { replicas: maxReplicas, recommended };
  if (current < minReplicas) return { replicas: minReplicas, recommended };
  const wished = Math.max(...metrics.map((metric) => wishOf(metric, current)), 0);
  const remembered = [...recommended, { atSeconds, replicas: wished }].filter(
    (one) => atSeconds - one.atSeconds <= stabilisationSeconds,
  );
  const stable =
    wished >= current ? wished : Math.min(current, Math.max(...remembered.map(({ replicas }) => replicas)));
  const limited = Math.min(stable, Math.max(current + morePods, current * moreTimes));
  return { replicas: Math.min(maxReplicas, Math.max(minReplicas, limited)), recommended: remembered };
}

function wishOf({ total, perPod }: Metric, current: number): number {
  const ratio = total / (perPod * current);
  return Math.abs(ratio - 1) <= tolerance ? current : Math.ceil(total / perPod);
}
