/** Reconciles one target's floor, keyed by its autoscaler: plan, apply when it differs, report, come back in time. */
import type { Clock } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { floorMemoryOf, rememberFloor, type Knowledge } from '../knowledge.ts';
import type { Reconcile, ReconcileResult } from '../kube/controller.ts';
import type { EventNote, ObjectReference, Recorder } from '../kube/recorder.ts';
import type { OperatorMetrics } from '../metrics.ts';
import type { Warmer } from '../sale/warm.ts';
import { splitKey, type World } from '../world.ts';
import { applyFloor, type ApplyFloorDeps } from './apply.ts';
import type { Autoscaler, LabelledPod } from './contracts.ts';
import type { FloorPlan } from './floor-plan.ts';
import { keepSamples, measureLeadTime, samplesOf } from './lead-time.ts';
import type { FloorBoard } from './observe.ts';

export type FloorDeps = ApplyFloorDeps & {
  world: World;
  knowledge: Knowledge;
  board: FloorBoard;
  warmer: Pick<Warmer, 'resultsOf'>;
  clock: Clock;
  log: Logger;
  metrics: Pick<OperatorMetrics, 'target' | 'targetGone' | 'floorConflict'>;
  recorder: Recorder;
  /** The plan of this target is another one: its sales have something new to report. */
  onPlan: (namespace: string, targetName: string) => void;
};

/** After a refused write, doubling; the cache is about to show what was written in between. */
const conflictPauseMs = 250;
const maxConflictPauseMs = 5_000;
/** Looked at again at least so often while pods are missing, or cannot be told. */
const shortPauseMs = 15_000;
/** Until the pods are known as well. */
const incompletePauseMs = 5_000;

export function createFloorReconcile(deps: FloorDeps): Reconcile {
  const told = new Map<string, string>();
  return async (key, { signal }) => {
    const { namespace, name } = splitKey(key);
    if (!deps.world.isWhole()) return { requeueAfterMs: incompletePauseMs };
    const autoscaler = deps.world.autoscaler(namespace, name);
    if (autoscaler === null || !isOurs(deps.world, autoscaler)) {
      forget(deps, namespace, name);
      for (const text of [key, `faults of ${key}`, `forbidden of ${key}`]) told.delete(text);
      deps.onPlan(namespace, name);
      return {};
    }
    const { pods, fault } = await deps.world.targetPods.podsOf(autoscaler, signal);
    const faults = [...autoscaler.faults, ...(fault === null ? [] : [fault])];
    if (isNews(told, `faults of ${key}`, faults) && faults.length > 0)
      deps.log.warn({ target: key, faults }, 'the target of a floor is not as it should be');
    learnLeadTime(deps, autoscaler, pods);
    const plan = deps.board.planOf(namespace, name);
    noteContest(deps, key, autoscaler, plan);
    const result = await applyWhenDue(deps, key, autoscaler, plan, signal).finally(() => {
      // A refused write is news for the sales of the target as well.
      const forbidden = deps.knowledge.forbidden.get(`floor of ${key}`) ?? null;
      if (isNews(told, `forbidden of ${key}`, { forbidden })) deps.onPlan(namespace, name);
    });
    const ready = pods.filter((pod) => pod.ready).length;
    report(deps, autoscaler, plan, ready);
    const { nextChangeAtMs: _next, applyAtMs: _at, ...shown } = plan;
    if (isNews(told, key, shown)) deps.onPlan(namespace, name);
    return fault === null
      ? result
      : { requeueAfterMs: Math.min(result.requeueAfterMs ?? Infinity, shortPauseMs) };
  };
}

/** An autoscaler that has no baseline and that no sale names is somebody else's. */
function isOurs(world: World, { namespace, name, pool, faults }: Autoscaler): boolean {
  if (pool.baselineReplicas !== null || faults.length > 0) return true;
  return world.sales().some((sale) => sale.namespace === namespace && sale.targetName === name);
}

async function applyWhenDue(
  deps: FloorDeps,
  key: string,
  autoscaler: Autoscaler,
  plan: FloorPlan,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const nowMs = deps.clock.now().getTime();
  if (plan.floor === null || !plan.apply || nowMs < plan.applyAtMs) return comeBack(deps, plan);
  const applied = await applyFloor(deps, autoscaler, plan.floor, signal);
  if (applied.kind === 'conflict') {
    const { conflicts } = floorMemoryOf(deps.knowledge, key);
    rememberFloor(deps.knowledge, key, { conflicts: conflicts + 1 });
    return { requeueAfterMs: Math.min(maxConflictPauseMs, conflictPauseMs * 2 ** conflicts) };
  }
  const appliedAtMs = deps.clock.now().getTime();
  rememberFloor(deps.knowledge, key, {
    appliedAtMs,
    stampedAtMs: applied.stampedAtMs,
    conflicts: 0,
    ...(plan.lowers ? { loweredAtMs: appliedAtMs } : {}),
  });
  deps.board.changed();
  return comeBack(deps, plan);
}

function comeBack(deps: FloorDeps, plan: FloorPlan): ReconcileResult {
  const nowMs = deps.clock.now().getTime();
  const nextMs = plan.nextChangeAtMs;
  if (nextMs === null) return plan.cappedBy === null ? {} : { requeueAfterMs: shortPauseMs };
  return { requeueAfterMs: Math.max(0, nextMs - nowMs) };
}

/** From the times of the pods, and from what each took to get warm for any of the target's sales. */
function learnLeadTime(
  { world, warmer, knowledge }: FloorDeps,
  { namespace, name }: Autoscaler,
  pods: readonly LabelledPod[],
): void {
  if (pods.length === 0) return;
  const warm = world
    .sales()
    .filter((sale) => sale.namespace === namespace && sale.targetName === name)
    .flatMap(({ uid }) => warmer.resultsOf(uid, pods));
  const key = `${namespace}/${name}`;
  const { samples } = floorMemoryOf(knowledge, key);
  rememberFloor(knowledge, key, { samples: keepSamples(samples, samplesOf(pods, warm)) });
}

/** Counts and tells a contest once, when its writer's last write is another one. */
function noteContest(deps: FloorDeps, key: string, autoscaler: Autoscaler, plan: FloorPlan): void {
  const before = floorMemoryOf(deps.knowledge, key).lastContest;
  rememberFloor(deps.knowledge, key, { lastContest: plan.contest });
  const { contest } = plan;
  if (contest === null || (before?.manager === contest.manager && before.atMs === contest.atMs)) return;
  const { namespace, name, pool } = autoscaler;
  deps.metrics.floorConflict({ namespace, target: name });
  deps.log.warn({ target: key, writer: contest.manager, wrote: pool.minReplicas }, 'the floor is contested');
  deps.recorder.record(referenceOf(autoscaler), contestNote(autoscaler, contest.manager, plan.floor));
}

function contestNote({ pool }: Autoscaler, manager: string, floor: number | null): EventNote {
  return {
    type: 'Warning',
    reason: 'FloorContested',
    action: 'ApplyFloor',
    note: `${manager} set minReplicas to ${pool.minReplicas}; the sales of this target need ${floor ?? 'another number'}. It is set again at most once a minute. Take minReplicas out of what ${manager} applies.`,
  };
}

function referenceOf({ namespace, name, uid }: Autoscaler): ObjectReference {
  return { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', namespace, name, uid };
}

function report(deps: FloorDeps, autoscaler: Autoscaler, plan: FloorPlan, readyPods: number): void {
  const { namespace, name, pool } = autoscaler;
  const floorPods = plan.floor ?? pool.minReplicas;
  const shortfallPods = Math.max(0, floorPods - readyPods);
  const plannedPeakPods = plan.foreseen.reduce((most, step) => Math.max(most, step.floor), floorPods);
  const { samples } = floorMemoryOf(deps.knowledge, `${namespace}/${name}`);
  const { leadTimeMs } = measureLeadTime(samples);
  deps.metrics.target(
    { namespace, target: name },
    { floorPods, readyPods, shortfallPods, plannedPeakPods, leadTimeMs },
  );
}

/** Whether `shown` is another one than was told before under `name`. */
function isNews(told: Map<string, string>, name: string, shown: object): boolean {
  const text = JSON.stringify(shown);
  const news = told.get(name) !== text;
  told.set(name, text);
  return news;
}

function forget(deps: FloorDeps, namespace: string, name: string): void {
  deps.knowledge.floors.delete(`${namespace}/${name}`);
  deps.knowledge.forbidden.delete(`floor of ${namespace}/${name}`);
  deps.world.targetPods.forget(namespace, name);
  deps.metrics.targetGone({ namespace, target: name });
  deps.board.changed();
}
