/** Every metric of the operator's own work, with unit and labels; the series of what is gone are removed. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '@evently/kit/clock';
import type { EffectName } from './effects.ts';
import { watchEventLoopLag, type EventLoopLag } from './kube/event-loop-lag.ts';
import type { Stage, WarmResult } from './sale/model.ts';

/** `namespace` and `sale` are bounded by the EventSales there are, `target` by the autoscalers. */
export type SaleLabels = { namespace: string; sale: string };
export type TargetLabels = { namespace: string; target: string };

export type SaleFigures = { stage: Stage; opensAtMs: number; latenessMs: number | null };
export type TargetFigures = { floorPods: number; readyPods: number; shortfallPods: number };

export type OperatorMetrics = {
  sale: (labels: SaleLabels, figures: SaleFigures) => void;
  saleGone: (labels: SaleLabels) => void;
  target: (labels: TargetLabels, figures: TargetFigures) => void;
  targetGone: (labels: TargetLabels) => void;
  floorConflict: (labels: TargetLabels) => void;
  warmed: (result: WarmResult) => void;
  effect: (name: EffectName, outcome: 'done' | 'failed', seconds: number) => void;
  /** The longest wait for the event loop since this was asked last, in milliseconds; for a health check. */
  takeLongestLagMs: () => number;
  stop: () => void;
};

export type OperatorMetricsOptions = {
  registry: Registry;
  clock: Clock;
  /** Milliseconds since the API server last said anything, by resource; read at each scrape. */
  informerAgesMs: () => ReadonlyMap<string, number>;
};

const warmSeconds = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const effectSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const msPerSecond = 1_000;

export function createOperatorMetrics(options: OperatorMetricsOptions): OperatorMetrics {
  const { registry } = options;
  const registers = [registry];
  const conflicts = new Counter({
    name: 'evently_floor_conflicts_total',
    help: 'Times the floor was found changed by another writer',
    labelNames: ['namespace', 'target'],
    registers,
  });
  const warmed = new Histogram({
    name: 'evently_operator_warm_seconds',
    help: 'Time a warming task took where it ran, in seconds',
    labelNames: ['task', 'result'],
    buckets: warmSeconds,
    registers,
  });
  const effects = new Histogram({
    name: 'evently_operator_effect_seconds',
    help: 'Time of a change outside the operator, in seconds, by kind and outcome',
    labelNames: ['effect', 'outcome'],
    buckets: effectSeconds,
    registers,
  });
  addInformerAges(options);
  const sales = addSales(options);
  const targets = addTargets(registry);
  const lag = addEventLoopLag(registry);
  return {
    ...sales,
    ...targets,
    targetGone: (labels) => {
      targets.targetGone(labels);
      conflicts.remove(labels);
    },
    floorConflict: (labels) => conflicts.inc(labels),
    warmed: ({ task, result, seconds }) => warmed.observe({ task, result }, seconds),
    effect: (effect, outcome, seconds) => effects.observe({ effect, outcome }, seconds),
    takeLongestLagMs: lag.takeLongestMs,
    stop: lag.stop,
  };
}

function addSales({ registry, clock }: OperatorMetricsOptions): Pick<OperatorMetrics, 'sale' | 'saleGone'> {
  const known = new Map<string, { labels: SaleLabels; figures: SaleFigures }>();
  const lateness = new Gauge({
    name: 'evently_sale_open_lateness_seconds',
    help: 'How late a sale opened, in seconds; no series before it opened',
    labelNames: ['namespace', 'sale'],
    registers: [registry],
  });
  const stage = new Gauge({
    name: 'evently_sale_stage',
    help: '1 for the stage that a sale is in',
    labelNames: ['namespace', 'sale', 'stage'],
    registers: [registry],
  });
  const timeToOpen = new Gauge({
    name: 'evently_sale_time_to_open_seconds',
    help: 'Seconds until a sale opens; negative once the time has passed, and no series once it is over',
    labelNames: ['namespace', 'sale'],
    registers: [registry],
    collect() {
      for (const { labels, figures } of known.values()) {
        if (figures.stage === 'Completed' || figures.stage === 'Draining') this.remove(labels);
        else this.set(labels, (figures.opensAtMs - clock.now().getTime()) / msPerSecond);
      }
    },
  });
  return {
    sale: (labels, figures) => {
      const key = `${labels.namespace}/${labels.sale}`;
      const before = known.get(key)?.figures.stage;
      known.set(key, { labels, figures });
      if (before !== undefined && before !== figures.stage) stage.remove({ ...labels, stage: before });
      stage.set({ ...labels, stage: figures.stage }, 1);
      if (figures.latenessMs !== null) lateness.set(labels, figures.latenessMs / msPerSecond);
    },
    saleGone: (labels) => {
      const key = `${labels.namespace}/${labels.sale}`;
      const before = known.get(key)?.figures.stage;
      known.delete(key);
      if (before !== undefined) stage.remove({ ...labels, stage: before });
      lateness.remove(labels);
      timeToOpen.remove(labels);
    },
  };
}

function addTargets(registry: Registry): Pick<OperatorMetrics, 'target' | 'targetGone'> {
  const gauge = (name: string, help: string): Gauge<'namespace' | 'target'> =>
    new Gauge({ name, help, labelNames: ['namespace', 'target'], registers: [registry] });
  const floor = gauge('evently_operator_floor_pods', 'Least pods that the operator asks for, by target');
  const ready = gauge('evently_operator_ready_pods', 'Ready pods of a target');
  const shortfall = gauge('evently_operator_shortfall_pods', 'Pods missing to the floor of a target');
  return {
    target: (labels, figures) => {
      floor.set(labels, figures.floorPods);
      ready.set(labels, figures.readyPods);
      shortfall.set(labels, figures.shortfallPods);
    },
    targetGone: (labels) => {
      for (const one of [floor, ready, shortfall]) one.remove(labels);
    },
  };
}

function addInformerAges({ registry, informerAgesMs }: OperatorMetricsOptions): void {
  new Gauge({
    name: 'evently_operator_informer_age_seconds',
    help: 'Seconds since the API server last said anything of a resource that is watched',
    labelNames: ['resource'],
    registers: [registry],
    collect() {
      for (const [resource, ageMs] of informerAgesMs()) this.set({ resource }, ageMs / msPerSecond);
    },
  });
}

function addEventLoopLag(registry: Registry): EventLoopLag {
  // One for each reader, because reading begins anew.
  const [scraped, checked] = [watchEventLoopLag(), watchEventLoopLag()];
  new Gauge({
    name: 'evently_operator_event_loop_lag_seconds',
    help: 'Longest wait for the event loop since the last scrape, in seconds',
    registers: [registry],
    collect() {
      this.set(scraped.takeLongestMs() / msPerSecond);
    },
  });
  return {
    takeLongestMs: checked.takeLongestMs,
    stop: () => {
      scraped.stop();
      checked.stop();
    },
  };
}
