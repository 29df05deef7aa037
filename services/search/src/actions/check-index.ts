/** Says how the index stands against what is known, and changes nothing. */
import type { Database } from '@evently/kit/postgres';
import type { SearchEngine } from '../engine/port.ts';
import { bucketCount } from '../engine/port.ts';
import { countKnown } from '../store/catalog.ts';
import { measureBacklog } from '../store/pending.ts';
import { differencesIn, type Difference } from './compare-index.ts';

export type Check = {
  engine: SearchEngine['kind'];
  /** Events that can be found by the catalog's word, and by the index's; null when there is no index. */
  known: number;
  indexed: number | null;
  waiting: number;
  lagSeconds: number;
  /** Events that differ and do not wait; the first hundred. */
  differences: readonly Difference[];
  differing: number;
};

const maxDifferences = 100;

/** Rejects with `EngineAway` when the engine does not answer. */
export async function checkIndex(deps: { db: Database; engine: SearchEngine }): Promise<Check> {
  const { db, engine } = deps;
  const buckets = Array.from({ length: bucketCount }, (_, bucket) => bucket);
  const differences = await differencesIn(deps, buckets);
  const { waiting, lagSeconds } = await measureBacklog(db, engine.kind);
  return {
    engine: engine.kind,
    known: await countKnown(db),
    indexed: await engine.count(),
    waiting,
    lagSeconds,
    differences: differences.slice(0, maxDifferences),
    differing: differences.length,
  };
}
