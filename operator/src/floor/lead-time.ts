/** The `Auto` lead time: what getting a pod ready took here, with room to spare. Pure. */
import type { Pod, WarmResult } from '../sale/model.ts';

/** What one pod took, part by part; null where it was not seen. */
export type LeadTimeSample = {
  podUid: string;
  schedulingMs: number | null;
  /** From its node to its image; null where the cluster does not tell it apart from `readyMs`. */
  pullMs: number | null;
  readyMs: number | null;
  warmMs: number | null;
};

export type MeasuredLeadTime = { leadTimeMs: number; samples: number; p95Ms: number | null };

export const minLeadTimeMs = 600_000;
export const maxLeadTimeMs = 86_400_000;
export const leadTimeFactor = 1.5;
/** The newest samples that are kept: enough for a percentile, too few to remember last month's cluster. */
export const maxSamples = 200;
/** A readiness later than this after the start is one that came back, not one that was waited for. */
export const maxSampleMs = 3_600_000;
const share = 0.95;

/** What the pods of a target took, by their own times and by what they said of warming. Terminating pods count. */
export function samplesOf(pods: readonly Pod[], warm: readonly WarmResult[]): readonly LeadTimeSample[] {
  return pods.flatMap((pod) => {
    if (pod.readyAtMs === null) return [];
    const warmed = warm.filter(({ at, result }) => at === pod.name && result === 'warm');
    const sample = {
      podUid: pod.uid,
      schedulingMs: pod.scheduledAtMs === null ? null : Math.max(0, pod.scheduledAtMs - pod.createdAtMs),
      pullMs: null,
      readyMs: Math.max(0, pod.readyAtMs - (pod.scheduledAtMs ?? pod.createdAtMs)),
      // Tasks run beside each other: the slowest counts.
      warmMs: warmed.length === 0 ? null : 1_000 * Math.max(...warmed.map(({ seconds }) => seconds)),
    };
    return totalMs(sample) > maxSampleMs ? [] : [sample];
  });
}

/**
 * `kept` with `added`, one sample a pod (the newer one), at most `maxSamples`, oldest first. What a pod took to get warm
 * stays when its sale is gone.
 */
export function keepSamples(
  kept: readonly LeadTimeSample[],
  added: readonly LeadTimeSample[],
): readonly LeadTimeSample[] {
  const before = new Map(kept.map((one) => [one.podUid, one.warmMs]));
  const again = new Set(added.map(({ podUid }) => podUid));
  const newer = added.map((one) => ({ ...one, warmMs: one.warmMs ?? before.get(one.podUid) ?? null }));
  return [...kept.filter(({ podUid }) => !again.has(podUid)), ...newer].slice(-maxSamples);
}

/** The 95th percentile of the samples (nearest rank) times 1.5, at least 10 minutes, at most a day. */
export function measureLeadTime(samples: readonly LeadTimeSample[]): MeasuredLeadTime {
  const totals = samples.map(totalMs).toSorted((a, b) => a - b);
  const p95Ms = totals[Math.ceil(share * totals.length) - 1] ?? null;
  const spare = Math.ceil((p95Ms ?? 0) * leadTimeFactor);
  return {
    leadTimeMs: Math.min(maxLeadTimeMs, Math.max(minLeadTimeMs, spare)),
    samples: totals.length,
    p95Ms,
  };
}

function totalMs(sample: LeadTimeSample): number {
  return [sample.schedulingMs, sample.pullMs, sample.readyMs, sample.warmMs].reduce<number>(
    (sum, part) => sum + (part ?? 0),
    0,
  );
}
