/** What a leader knows beyond the caches: lost at its end, learnt again from booking and the cluster by the next. */
import type { FloorPlan } from './floor/floor-plan.ts';
import type { LeadTimeSample } from './floor/lead-time.ts';
import type { BookingView } from './sale/model.ts';
import type { Trouble } from './sale/sale-plan.ts';
import { createEpochs, type Epochs } from './sale/epoch.ts';

/** What booking said of a sale, and when it was asked. */
export type SeenView = { view: BookingView; atMs: number };

export type Refusal = { generation: number; why: string; atMs: number };

/** What this process did to a target's floor, and what it saw of others doing so. */
export type FloorMemory = {
  appliedAtMs: number | null;
  /** The same by the clock of the API server. */
  stampedAtMs: number | null;
  loweredAtMs: number | null;
  lastContest: FloorPlan['contest'];
  samples: readonly LeadTimeSample[];
  /** Writes in a row that somebody else's change came before. */
  conflicts: number;
};

/** Bounded by the EventSales, events and autoscalers there are: whoever sees one go forgets it here. */
export type Knowledge = {
  /** When this process began to lead, by the wall clock. */
  startedAtMs: number;
  epochs: Epochs;
  /** By uid of the sale. */
  views: Map<string, SeenView>;
  /** By uid of the sale: the generation that booking refused, its sentence, and when. */
  refusals: Map<string, Refusal>;
  /** By `namespace/name` of the autoscaler. */
  floors: Map<string, FloorMemory>;
  /** What the API server last forbade, by `floor of namespace/name` or `finalizer of namespace/name`; gone once it was allowed. */
  forbidden: Map<string, string>;
  /** By uid of the sale: how many commands to booking failed in a row. */
  failures: Map<string, number>;
  /** By uid of the sale: why booking did not take the last command, unless it refused it for good. */
  troubles: Map<string, Trouble>;
};

export function createKnowledge(startedAtMs: number): Knowledge {
  return {
    startedAtMs,
    epochs: createEpochs(),
    views: new Map(),
    refusals: new Map(),
    floors: new Map(),
    forbidden: new Map(),
    failures: new Map(),
    troubles: new Map(),
  };
}

const nothingYet: FloorMemory = {
  appliedAtMs: null,
  stampedAtMs: null,
  loweredAtMs: null,
  lastContest: null,
  samples: [],
  conflicts: 0,
};

export function floorMemoryOf(knowledge: Knowledge, key: string): FloorMemory {
  return knowledge.floors.get(key) ?? nothingYet;
}

export function rememberFloor(knowledge: Knowledge, key: string, change: Partial<FloorMemory>): void {
  knowledge.floors.set(key, { ...floorMemoryOf(knowledge, key), ...change });
}
