/** Every metric of the search service. */
import type { Registry } from 'prom-client';
import type { Logger } from '@evently/kit/log';
import {
  addCounter,
  addGauge,
  addHistogram,
  defineCounter,
  defineGauge,
  defineHistogram,
  latencyBuckets,
} from '@evently/kit/metrics-define';
import { createReading } from '@evently/kit/metrics-reading';

/** `warm`: nobody asked; a sale opens soon, and the answer is to be there before people come. */
export const queryKinds = ['search', 'suggest', 'filters', 'trending', 'warm'] as const;
export type QueryKind = (typeof queryKinds)[number];
/** `kept`: an answer of a moment ago; `fallback`: by the engine that steps in; `away`: by none. */
export const queryOutcomes = ['answered', 'kept', 'fallback', 'away', 'failed'] as const;
export type QueryOutcome = (typeof queryOutcomes)[number];
export const repairReasons = [
  'catalog_missing',
  'catalog_differs',
  'catalog_gone',
  'stock_differs',
  'index_missing',
  'index_differs',
  'index_extra',
  'index_lost',
] as const;
export type RepairReason = (typeof repairReasons)[number];

export const searchDefinitions = {
  lag: defineGauge({
    name: 'evently_search_index_lag_seconds',
    help: 'Age of the oldest change that is not in the index; 0 when nothing waits',
    labels: {},
  }),
  waiting: defineGauge({
    name: 'evently_search_index_waiting_items',
    help: 'Events whose newest change is not in the index',
    labels: {},
  }),
  documents: defineGauge({
    name: 'evently_search_index_documents_items',
    help: 'Events that can be found, as the index counts them',
    labels: {},
  }),
  query: defineHistogram({
    name: 'evently_search_query_duration_seconds',
    help: 'Time of one answer to a question, by what was asked and who answered',
    labels: { kind: queryKinds, outcome: queryOutcomes },
    buckets: latencyBuckets,
  }),
  repairs: defineCounter({
    name: 'evently_search_repairs_total',
    help: 'Events that the comparison found wrong and set right, by what was wrong; index_lost counts whole rebuilds',
    labels: { reason: repairReasons },
  }),
  engineUp: defineGauge({
    name: 'evently_search_engine_up_info',
    help: '1 while the engine of the index answers, else 0',
    labels: { engine: ['postgres', 'opensearch'] },
  }),
} as const;

export type IndexFigures = { lagSeconds: number; waiting: number; documents: number | null };
export type SearchMetrics = {
  queried: (kind: QueryKind, outcome: QueryOutcome, seconds: number) => void;
  repaired: (reason: RepairReason, events: number) => void;
  engineIs: (engine: 'postgres' | 'opensearch', isUp: boolean) => void;
};

/** @param load reads the figures of the index for a scrape */
export function createSearchMetrics(
  registry: Registry,
  log: Logger,
  load: () => Promise<IndexFigures>,
): SearchMetrics {
  const query = addHistogram(registry, searchDefinitions.query);
  const repairs = addCounter(registry, searchDefinitions.repairs);
  // A rate begins at 0, not at the first repair.
  for (const reason of repairReasons) repairs.inc({ reason }, 0);
  const engineUp = addGauge(registry, searchDefinitions.engineUp);
  const read = createReading({ registry, log, service: 'search', figures: 'index', load, restShare: 20 });
  addGauge(registry, searchDefinitions.lag, async (gauge) => {
    gauge.reset();
    const figures = await read();
    if (figures !== null) gauge.set({}, figures.lagSeconds);
  });
  addGauge(registry, searchDefinitions.waiting, async (gauge) => {
    gauge.reset();
    const figures = await read();
    if (figures !== null) gauge.set({}, figures.waiting);
  });
  addGauge(registry, searchDefinitions.documents, async (gauge) => {
    gauge.reset();
    const figures = await read();
    if (figures !== null && figures.documents !== null) gauge.set({}, figures.documents);
  });
  return {
    queried: (kind, outcome, seconds) => query.observe({ kind, outcome }, seconds),
    repaired: (reason, events) => {
      if (events > 0) repairs.inc({ reason }, events);
    },
    engineIs: (engine, isUp) => engineUp.set({ engine }, isUp ? 1 : 0),
  };
}
