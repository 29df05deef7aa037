/** Builds an index anew, beside the one that answers, from the event service's catalog; then switches to it. */
import { monotonicMs, pause } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { Database } from '@evently/kit/postgres';
import { changesOf } from '../domain/changes.ts';
import { EngineAway, type Change, type Rebuild, type SearchEngine } from '../engine/port.ts';
import { listRows } from '../store/catalog.ts';
import { holdRebuilding } from '../store/rebuilding.ts';
import { takeCatalog, type CompareCatalogDeps } from './compare-catalog.ts';
import { firstId, maxPages } from './read-catalog.ts';

export type RebuildDeps = Omit<CompareCatalogDeps, 'graceMs' | 'metrics'> & { db: Database; log: Logger };
export type RebuildOutcome =
  | { ok: true; generation: string; documents: number; seconds: number }
  | { ok: false; refusal: { kind: 'rebuild-running' } };

/** Two changes of each, the document and the stock; writers of single events wait for a page at most. */
const pageSize = 250;

/**
 * One rebuild of an engine at a time, over all processes. Changes that come meanwhile go to both generations. Rejects with
 * `CatalogAway` or `EngineAway`, and leaves the present index as it is.
 */
export async function rebuildIndex(deps: RebuildDeps, engine: SearchEngine): Promise<RebuildOutcome> {
  const startedMs = monotonicMs();
  const built = await holdRebuilding(deps.db, engine.kind, () => build(deps, engine));
  if (built === null) return { ok: false, refusal: { kind: 'rebuild-running' } };
  return { ok: true, ...built, seconds: (monotonicMs() - startedMs) / 1_000 };
}

async function build(
  deps: RebuildDeps,
  engine: SearchEngine,
): Promise<{ generation: string; documents: number }> {
  // An empty index is not made before: it would answer that there is nothing until this is done.
  // Should this fail half-way, the comparison finds what the present index was not told.
  await takeCatalog({ ...deps, engines: deps.engines.filter((kind) => kind !== engine.kind) });
  const rebuild = await engine.rebuild();
  try {
    let documents = 0;
    let afterId = firstId;
    for (let page = 0; page < maxPages; page += 1) {
      const rows = await listRows(deps.db, afterId, pageSize);
      documents += rows.filter(({ document }) => document !== null).length;
      await applyPage(
        rebuild,
        rows.flatMap((row) => changesOf(row, true)),
      );
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) break;
      afterId = last.eventId;
    }
    await rebuild.publish();
    // The new index answers: that the former one cannot be removed is no failure of the rebuild.
    await rebuild.tidy().catch(leave(deps.log, 'the former index'));
    return { generation: rebuild.generation, documents };
  } catch (error) {
    // What went wrong is what is told, whether or not the leftovers can be removed.
    await rebuild.abandon().catch(leave(deps.log, 'an unfinished index'));
    throw error;
  }
}

function leave(log: Logger, what: string): (error: unknown) => void {
  return (error) => log.warn({ err: String(error) }, `${what} is left for the next rebuild to remove`);
}

const pageAttempts = 5;
const pageRetryMs = 1_000;

/** A page that an engine was too slow for is applied again, before all pages so far were for nothing. */
async function applyPage(rebuild: Rebuild, changes: readonly Change[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await rebuild.apply(changes);
    } catch (error) {
      if (!(error instanceof EngineAway) || attempt === pageAttempts) throw error;
      await pause(pageRetryMs);
    }
  }
}
