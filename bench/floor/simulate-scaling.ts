/** Runs the same demand against a pool that is scaled in one of three ways, second by second. Deterministic. */
import { planFloor } from '@evently/operator/floor/plan-floor';
import type { Pool, Sale } from '@evently/operator/sale/model';
import { syncReplicas, syncSeconds, type Metric, type Recommendation } from './hpa.ts';
import {
  baselineReplicas,
  demandAt,
  drainSeconds,
  lastSecond,
  leadSeconds,
  maxReplicas,
  metricAgeSeconds,
  perPodPerSecond,
  sales,
  startSecondsOf,
  targetPerPod,
  type SceneSale,
} from './scene.ts';

export type Scaling = 'floor' | 'cron' | 'metrics';
export type Moment = { second: number; replicas: number; ready: number; demandPods: number };
export type ScalingResult = {
  scaling: Scaling;
  moments: readonly Moment[];
  /** Seconds in which more was asked for than the ready pods serve. */
  secondsShort: number;
  /** What was asked for beyond that, in reservations. */
  beyondCapacity: number;
  /** The greatest lack at one time, in pods. */
  mostPodsShort: number;
  podHours: number;
};

/** `replicas` as the autoscaler wants them, and when each pod became, or becomes, ready. */
type PodSet = { readyAt: number[]; created: number };

export function simulateScaling(scaling: Scaling): ScalingResult {
  const pods: PodSet = {
    readyAt: Array.from({ length: baselineReplicas }, () => 0),
    created: baselineReplicas,
  };
  const keeper = createFloorKeeper();
  const moments: Moment[] = [];
  let recommended: readonly Recommendation[] = [];
  for (let second = 0; second <= lastSecond; second += 1) {
    const minReplicas = scaling === 'floor' ? keeper.floorAt(second) : baselineReplicas;
    if (second % syncSeconds === 0) {
      const autoscaler = { minReplicas, maxReplicas, recommended };
      const synced = syncReplicas(autoscaler, pods.readyAt.length, metricsAt(scaling, second), second);
      recommended = synced.recommended;
      scaleTo(pods, synced.replicas, second);
    }
    const ready = pods.readyAt.filter((at) => at <= second).length;
    moments.push({
      second,
      replicas: pods.readyAt.length,
      ready,
      demandPods: demandAt(second) / perPodPerSecond,
    });
  }
  return { scaling, moments, ...sumUp(moments) };
}

function metricsAt(scaling: Scaling, second: number): readonly Metric[] {
  const load = { total: demandAt(Math.max(0, second - metricAgeSeconds)), perPod: targetPerPod };
  return scaling === 'cron' ? [load, { total: cronReplicasAt(second), perPod: 1 }] : [load];
}

/** One trigger for each sale, from the same time as the floor; of triggers that overlap the largest counts. */
function cronReplicasAt(second: number): number {
  const active = sales.filter(
    ({ opensAt, closesAt }) => opensAt - leadSeconds <= second && second < closesAt + drainSeconds,
  );
  return Math.max(...active.map(({ peakPerSecond }) => Math.ceil(peakPerSecond / perPodPerSecond)), 0);
}

/** The newest pods go first, as a ReplicaSet does with pods that are not ready. */
function scaleTo(pods: PodSet, replicas: number, second: number): void {
  pods.readyAt.length = Math.min(pods.readyAt.length, replicas);
  while (pods.readyAt.length < replicas) {
    pods.readyAt.push(second + startSecondsOf(pods.created));
    pods.created += 1;
  }
}

/** The operator's own plan, asked each second; the floor that it names is applied at once. */
function createFloorKeeper(): { floorAt: (second: number) => number } {
  let minReplicas = baselineReplicas;
  let loweredAtMs: number | null = null;
  return {
    floorAt: (second) => {
      const nowMs = second * 1_000;
      const plan = planFloor({
        targetName: 'booking',
        sales: sales.map(saleOf),
        pool: poolOf(minReplicas),
        nowMs,
        leadTimeMsOf: () => leadSeconds * 1_000,
        loweredAtMs,
        appliedAtMs: null,
        startedAtMs: 0,
        lastContest: null,
        heldOf: (sale) => ((sale.closesAtMs ?? Infinity) + drainSeconds * 1_000 <= nowMs ? 0 : null),
      });
      if (plan.lowers) loweredAtMs = nowMs;
      minReplicas = plan.floor ?? minReplicas;
      return minReplicas;
    },
  };
}

function poolOf(minReplicas: number): Pool {
  return {
    name: 'booking',
    resourceVersion: '1',
    minReplicas,
    maxReplicas,
    baselineReplicas,
    perPodPerSecond,
    perEventPerSecond: null,
    otherWriter: null,
  };
}

function saleOf(scene: SceneSale): Sale {
  const { name } = scene;
  return {
    namespace: 'shop',
    name,
    uid: name,
    generation: 1,
    createdAtMs: 0,
    deletedAtMs: null,
    eventId: name,
    opensAtMs: scene.opensAt * 1_000,
    closesAtMs: scene.closesAt * 1_000,
    timeZone: 'UTC',
    targetName: 'booking',
    need: { kind: 'demand', reservationsPerSecond: scene.peakPerSecond },
    leadTime: { kind: 'fixed', ms: leadSeconds * 1_000 },
    tasks: [],
    openGate: { mode: 'Always' },
    intent: 'Run',
    management: 'Managed',
    priority: 0,
    scaleDown: { stepPercent: 20, periodMs: 60_000, afterMs: 1_800_000 },
    deletionPolicy: 'CloseAndRelease',
    recorded: { openedAtMs: null, closedAtMs: null, drainedAtMs: null, openLatenessMs: null, epoch: null },
  };
}

function sumUp(
  moments: readonly Moment[],
): Pick<ScalingResult, 'secondsShort' | 'beyondCapacity' | 'mostPodsShort' | 'podHours'> {
  const lacks = moments.map(({ demandPods, ready }) => Math.max(0, demandPods - ready));
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
  return {
    secondsShort: lacks.filter((lack) => lack > 0).length,
    beyondCapacity: Math.round(sum(lacks) * perPodPerSecond),
    mostPodsShort: Math.ceil(Math.max(...lacks)),
    podHours: sum(moments.map(({ replicas }) => replicas)) / 3_600,
  };
}
