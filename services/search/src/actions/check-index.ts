/** Says how the index stands against the catalog and what is known of it, and changes nothing. */
import type { Caller } from '@evently/kit/caller';
import type { Database } from '@evently/kit/postgres';
import type { SearchEngine } from '../engine/port.ts';
import { bucketCount } from '../engine/port.ts';
import { countKnown } from '../store/catalog.ts';
import { measureBacklog } from '../store/pending.ts';
import { findCatalogDifferences, type CatalogDifference } from './compare-catalog.ts';
import { differencesIn, type Difference } from './compare-index.ts';
import { CatalogAway } from './read-catalog.ts';

export type Check = {
  engine: SearchEngine['kind'];
  /** Events that can be found by what is known of the catalog, and by the index; null when there is no index. */
  known: number;
  indexed: number | null;
  waiting: number;
  lagSeconds: number;
  /** `away`: the event service does not answer, so that only what is known was compared. */
  catalog: 'compared' | 'away';
  /** Events that differ and are not on their way, from the catalog or in the index; the first hundred. */
  differences: readonly Difference[];
  differing: number;
};
export type CheckDeps = { db: Database; engine: SearchEngine; events: Caller; graceMs: number };

const maxDifferences = 100;

/** Rejects with `EngineAway` when the engine does not answer. */
export async function checkIndex(deps: CheckDeps): Promise<Check> {
  const { db, engine } = deps;
  const buckets = Array.from({ length: bucketCount }, (_, bucket) => bucket);
  const wrong = await compareOrAway(deps);
  const told = new Set(wrong?.map(({ eventId }) => eventId));
  const indexed = await differencesIn(deps, buckets);
  const differences = [...(wrong ?? []), ...indexed.filter(({ eventId }) => !told.has(eventId))];
  const { waiting, lagSeconds } = await measureBacklog(db, engine.kind);
  return {
    engine: engine.kind,
    known: await countKnown(db),
    indexed: await engine.count(),
    waiting,
    lagSeconds,
    catalog: wrong === null ? 'away' : 'compared',
    differences: differences.slice(0, maxDifferences),
    differing: differences.length,
  };
}

async function compareOrAway(deps: CheckDeps): Promise<CatalogDifference[] | null> {
  try {
    return await findCatalogDifferences(deps);
  } catch (error) {
    if (error instanceof CatalogAway) return null;
    throw error;
  }
}
