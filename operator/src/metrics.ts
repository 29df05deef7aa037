/** Every metric of the operator's own work, with unit and labels; the series of what is gone are removed. */
import type { Registry } from 'prom-client';
import type { Clock } from '@evently/kit/clock';
import { addCounter, addGauge, addHistogram, type LabelsOf } from '@evently/kit/metrics-define';
import type { EffectName } from './effects.ts';
import { operatorDefinitions, type SaleLabelSets, type TargetLabelSets } from './metrics-definitions.ts';
import { watchEventLoopLag, type EventLoopLag } from './kube/event-loop-lag.ts';
import type { Stage, WarmResult } from './sale/model.ts';

export type SaleLabels = LabelsOf<SaleLabelSets>;
export type TargetLabels = LabelsOf<TargetLabelSets>;

export type SaleFigures = { stage: Stage; opensAtMs: number; latenessMs: number | null; isArmed: boolean };
export type TargetFigures = {
  floorPods: number;
  readyPods: number;
  shortfallPods: number;
  plannedPeakPods: number;
  leadTimeMs: number;
};

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

const msPerSecond = 1_000;

export function createOperatorMetrics(options: OperatorMetricsOptions): OperatorMetrics {
  const { registry } = options;
  const conflicts = addCounter(registry, operatorDefinitions.conflicts);
  const warmed = addHistogram(registry, operatorDefinitions.warmed);
  const effects = addHistogram(registry, operatorDefinitions.effects);
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
  const lateness = addGauge(registry, operatorDefinitions.lateness);
  const stage = addGauge(registry, operatorDefinitions.stage);
  const armed = addGauge(registry, operatorDefinitions.armed);
  const timeToOpen = addGauge(registry, operatorDefinitions.timeToOpen, (gauge) => {
    for (const { labels, figures } of known.values()) {
      if (figures.stage === 'Completed' || figures.stage === 'Draining') gauge.remove(labels);
      else gauge.set(labels, (figures.opensAtMs - clock.now().getTime()) / msPerSecond);
    }
  });
  return {
    sale: (labels, figures) => {
      const key = `${labels.namespace}/${labels.sale}`;
      const before = known.get(key)?.figures.stage;
      known.set(key, { labels, figures });
      if (before !== undefined && before !== figures.stage) stage.remove({ ...labels, stage: before });
      stage.set({ ...labels, stage: figures.stage }, 1);
      armed.set(labels, figures.isArmed ? 1 : 0);
      if (figures.latenessMs !== null) lateness.set(labels, figures.latenessMs / msPerSecond);
    },
    saleGone: (labels) => {
      const key = `${labels.namespace}/${labels.sale}`;
      const before = known.get(key)?.figures.stage;
      known.delete(key);
      if (before !== undefined) stage.remove({ ...labels, stage: before });
      lateness.remove(labels);
      armed.remove(labels);
      timeToOpen.remove(labels);
    },
  };
}

function addTargets(registry: Registry): Pick<OperatorMetrics, 'target' | 'targetGone'> {
  const floor = addGauge(registry, operatorDefinitions.floor);
  const ready = addGauge(registry, operatorDefinitions.ready);
  const shortfall = addGauge(registry, operatorDefinitions.shortfall);
  const plannedPeak = addGauge(registry, operatorDefinitions.plannedPeak);
  const leadTime = addGauge(registry, operatorDefinitions.leadTime);
  return {
    target: (labels, figures) => {
      floor.set(labels, figures.floorPods);
      ready.set(labels, figures.readyPods);
      shortfall.set(labels, figures.shortfallPods);
      plannedPeak.set(labels, figures.plannedPeakPods);
      leadTime.set(labels, figures.leadTimeMs / msPerSecond);
    },
    targetGone: (labels) => {
      for (const one of [floor, ready, shortfall, plannedPeak, leadTime]) one.remove(labels);
    },
  };
}

function addInformerAges({ registry, informerAgesMs }: OperatorMetricsOptions): void {
  addGauge(registry, operatorDefinitions.informerAge, (gauge) => {
    for (const [resource, ageMs] of informerAgesMs()) gauge.set({ resource }, ageMs / msPerSecond);
  });
}

function addEventLoopLag(registry: Registry): EventLoopLag {
  // One for each reader, because reading begins anew.
  const [scraped, checked] = [watchEventLoopLag(), watchEventLoopLag()];
  addGauge(registry, operatorDefinitions.eventLoopLag, (gauge) =>
    gauge.set({}, scraped.takeLongestMs() / msPerSecond),
  );
  return {
    takeLongestMs: checked.takeLongestMs,
    stop: () => {
      scraped.stop();
      checked.stop();
    },
  };
}
