/** Where the arrivals of a run go, and what is read there. */
import type { Database } from '@evently/kit/postgres';
import type { Target } from 'evently/generator/request-bytes';

export type Place = {
  targets: readonly Target[];
  /** Of reserving, at each target. */
  path: string;
  /** The database of the sale; null where nothing is stored. */
  db: Database | null;
  /** Process ids of the servers that are measured; the first is one that answers. */
  servers: readonly number[];
  /** The process that answers, where none is measured. */
  answeredBy?: number;
  postgresPid: number;
  /** Pages of the processes that batch; empty where none does. */
  metricsUrls: readonly string[];
  /** Which of their batches are counted; those of reserving without it. */
  batchKind?: string;
  brokenInvariants: (() => Promise<string[]>) | null;
  /** Settings of a store that answers before PostgreSQL has the booking; absent where none does. */
  answersFirst?: Readonly<Record<string, string>>;
};

/** Under which id the tokens of a place are counted: all its servers begin and end together. */
export function processOf(place: Place): number {
  const first = place.servers[0] ?? place.answeredBy;
  if (first === undefined) throw new Error('a place has at least one server');
  return first;
}
