/** What a leader runs: the two controllers, fed by the caches; nothing of it exists in a standby. */
import type { Clock } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { ParsedEventSale } from './api/parse-event-sale.ts';
import type { BookingClient } from './dataplane/booking.ts';
import type { WarmClient } from './dataplane/prewarm.ts';
import { createEffects, type EffectPoint } from './effects.ts';
import type { Autoscaler, LabelledPod } from './floor/contracts.ts';
import { createFloorReconcile } from './floor/controller.ts';
import { maxLeadTimeMs } from './floor/lead-time.ts';
import { createFloorBoard } from './floor/observe.ts';
import { createTargetPods, type TargetPods } from './floor/target-pods.ts';
import { createKnowledge } from './knowledge.ts';
import type { KubeApi } from './kube/api.ts';
import { runController, type Controller } from './kube/controller.ts';
import type { Lease } from './kube/lease.ts';
import type { RuntimeMetrics } from './kube/metrics.ts';
import { createWorkQueue, type WorkQueue } from './kube/queue.ts';
import type { Recorder } from './kube/recorder.ts';
import type { Change } from './kube/reflector.ts';
import type { Time } from './kube/time.ts';
import type { OperatorMetrics } from './metrics.ts';
import { createSaleReconcile } from './sale/controller.ts';
import { urgencyOf } from './sale/pauses.ts';
import { createWarmer, type Warmer } from './sale/warm.ts';
import { createStatusWriter } from './sale/write-status.ts';
import type { Sale } from './sale/model.ts';
import { createWorld, type Caches, type World } from './world.ts';

export type LeadingDeps = {
  api: KubeApi;
  caches: Caches;
  lease: Lease;
  booking: BookingClient;
  warming: WarmClient;
  recorder: Recorder;
  clock: Clock;
  time: Time;
  chance: () => number;
  log: Logger;
  metrics: OperatorMetrics;
  runtime: Pick<RuntimeMetrics, 'queue' | 'watchQueue' | 'controller'>;
  saleWorkers: number;
  warmCalls: number;
  /** A deleted sale waits at most so long for booking. */
  deletionLimitMs: number;
  atPoint?: ((point: EffectPoint) => void | Promise<void>) | undefined;
};

export type Leading = {
  /** Ends the controllers in order and waits for what is under way, at most `deadlineMs` for each. */
  stop: (deadlineMs: number) => Promise<void>;
  /** For how long each reconcile under way has run, in milliseconds. */
  runningMs: () => readonly number[];
};

const floorWorkers = 2;
/** A burst of changes costs one reconcile of each sale that it concerns; the sales far from theirs can wait. */
const gatherMs = 500;
const farGatherMs = 30_000;
/** Around an opening a failure is tried again at least so often; elsewhere it may wait longer. */
const nearBackoffMs = 30_000;
const farBackoffMs = 300_000;
const nearBeforeMs = 3_600_000;
const nearAfterMs = 600_000;

type Queues = { sales: WorkQueue; floors: WorkQueue };

/** Starts both controllers and gives them everything that is there. The cache of sales must be synced. */
export function startLeading(deps: LeadingDeps): Leading {
  const targetPods = createTargetPods({ api: deps.api, pods: deps.caches.pods, time: deps.time });
  const world = createWorld(deps.caches, targetPods);
  const queues = createQueues(deps, world);
  for (const queue of [queues.sales, queues.floors]) deps.runtime.watchQueue(queue);
  const parts = startControllers(deps, world, queues);
  const ends = follow(deps.caches, {
    world,
    queues,
    targetPods,
    clock: deps.clock,
    changed: parts.board.changed,
  });
  for (const { metadata } of world.listSales()) queues.sales.add(keyOf(metadata));
  for (const autoscaler of deps.caches.autoscalers.list()) queues.floors.add(keyOf(autoscaler));
  return {
    runningMs: () => [...queues.sales.runningMs(), ...queues.floors.runningMs()],
    stop: async (deadlineMs) => {
      for (const end of ends) end();
      await Promise.all(parts.controllers.map((controller) => controller.stop(deadlineMs)));
      await parts.warmer.stop();
    },
  };
}

function createQueues(deps: LeadingDeps, world: World): Queues {
  const { time, chance } = deps;
  const untilOpenMs = (key: string): number => {
    const sale = world.sale(key)?.sale;
    return sale === null || sale === undefined ? Infinity : sale.opensAtMs - deps.clock.now().getTime();
  };
  const isNear = (key: string): boolean => untilOpenMs(key) < nearBeforeMs && untilOpenMs(key) > -nearAfterMs;
  return {
    sales: createWorkQueue({
      name: 'sale',
      time,
      chance,
      priorityOf: (key) => urgencyOf(world.sale(key), deps.clock.now().getTime()),
      backoffLimitMsOf: (key) => (isNear(key) ? nearBackoffMs : farBackoffMs),
      metrics: deps.runtime.queue('sale'),
    }),
    floors: createWorkQueue({
      name: 'floor',
      time,
      chance,
      backoffLimitMsOf: () => nearBackoffMs,
      metrics: deps.runtime.queue('floor'),
    }),
  };
}

type Parts = {
  controllers: readonly Controller[];
  warmer: Warmer;
  board: ReturnType<typeof createFloorBoard>;
};

function startControllers(deps: LeadingDeps, world: World, queues: Queues): Parts {
  const { api, lease, clock, log, recorder, metrics, time } = deps;
  const knowledge = createKnowledge(clock.now().getTime());
  const board = createFloorBoard({ world, knowledge, clock });
  const effects = createEffects({ lease, log, observe: metrics.effect, atPoint: deps.atPoint });
  const warmer = createWarmer({
    client: deps.warming,
    effects,
    clock,
    maxCalls: deps.warmCalls,
    onResult: (key) => queues.sales.add(key),
    observe: metrics.warmed,
    log,
  });
  const writer = createStatusWriter({ api, effects, recorder, clock });
  const shared = { api, world, knowledge, board, effects, clock, log, metrics, recorder };
  const onPlan = (namespace: string, target: string): void => {
    for (const sale of salesOf(world, namespace, target))
      queues.sales.addAfter(keyOf(sale), isLively(sale, clock) ? gatherMs : farGatherMs);
  };
  const sale = runController({
    name: 'sale',
    queue: queues.sales,
    workers: deps.saleWorkers,
    reconcile: createSaleReconcile({
      ...shared,
      booking: deps.booking,
      warmer,
      writer,
      lease,
      deletionLimitMs: deps.deletionLimitMs,
    }),
    time,
    log,
    metrics: deps.runtime.controller('sale', deps.saleWorkers),
  });
  const floor = runController({
    name: 'floor',
    queue: queues.floors,
    workers: floorWorkers,
    reconcile: createFloorReconcile({ ...shared, warmer, onPlan }),
    time,
    log,
    metrics: deps.runtime.controller('floor', floorWorkers),
  });
  return { controllers: [sale, floor], warmer, board };
}

type Followed = {
  world: World;
  queues: Queues;
  targetPods: TargetPods;
  clock: Clock;
  changed: () => void;
};

/** Turns changes of the caches into keys. Answers how to end it. */
function follow(caches: Caches, { world, queues, targetPods, clock, changed }: Followed): (() => void)[] {
  return [
    caches.sales.onChange((change) => {
      queues.sales.add(keyOf(change.value.metadata));
      if (!concernsOthers(change)) return;
      changed();
      for (const one of bothOf(change)) {
        if (one.sale === null) continue;
        queues.floors.add(`${one.sale.namespace}/${one.sale.targetName}`);
        for (const other of salesOfEvent(world, one.sale)) queues.sales.add(keyOf(other));
      }
    }),
    caches.autoscalers.onChange((change) => {
      if (change.kind === 'modified' && saysTheSame(change.before, change.value)) return;
      changed();
      queues.floors.add(keyOf(change.value));
    }),
    caches.pods.onChange((change) => {
      if (change.kind === 'modified' && isTheSamePod(change.before, change.value)) return;
      const { namespace } = change.value;
      for (const target of targetPods.targetsOf(change.value)) {
        queues.floors.addAfter(`${namespace}/${target}`, gatherMs);
        for (const sale of salesOf(world, namespace, target))
          if (isLively(sale, clock)) queues.sales.addAfter(keyOf(sale), gatherMs);
      }
    }),
  ];
}

function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

/** Between an hour before the longest lead time and the end of its drain: what happens to pods concerns it. */
function isLively({ opensAtMs, recorded }: Sale, clock: Clock): boolean {
  return recorded.drainedAtMs === null && opensAtMs - maxLeadTimeMs - clock.now().getTime() < nearBeforeMs;
}

function salesOf(world: World, namespace: string, target: string): readonly Sale[] {
  return world.sales().filter((sale) => sale.namespace === namespace && sale.targetName === target);
}

function salesOfEvent(world: World, { namespace, eventId, uid }: Sale): readonly Sale[] {
  return world
    .sales()
    .filter((one) => one.namespace === namespace && one.eventId === eventId && one.uid !== uid);
}

function bothOf(change: Change<ParsedEventSale>): readonly ParsedEventSale[] {
  return change.kind === 'modified' ? [change.before, change.value] : [change.value];
}

/** Whether the floor, or another sale, may be another one now: not for what the status tells people. */
function concernsOthers(change: Change<ParsedEventSale>): boolean {
  if (change.kind !== 'modified') return true;
  const essence = ({ metadata, sale }: ParsedEventSale): string =>
    JSON.stringify([metadata.uid, metadata.generation, metadata.deletedAtMs, sale?.recorded]);
  return essence(change.before) !== essence(change.value);
}

function saysTheSame(before: Autoscaler, after: Autoscaler): boolean {
  const essence = ({ uid, pool, scaleTarget, faults }: Autoscaler): string =>
    JSON.stringify([uid, { ...pool, resourceVersion: '' }, scaleTarget, faults]);
  return essence(before) === essence(after);
}

function isTheSamePod(before: LabelledPod, after: LabelledPod): boolean {
  return (
    before.ready === after.ready &&
    before.readyAtMs === after.readyAtMs &&
    before.terminating === after.terminating &&
    before.ip === after.ip &&
    before.reason === after.reason
  );
}
