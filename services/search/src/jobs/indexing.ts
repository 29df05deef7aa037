/** The regular work of the index: what changed goes in, what differs is repaired, what is lost is built again. */
import { monotonicMs, pause, startTicker, type Ticker } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { isDatabaseUnavailable, type Database } from '@evently/kit/postgres';
import { createTelling } from '@evently/kit/telling';
import { compareCatalog, type CompareCatalogDeps } from '../actions/compare-catalog.ts';
import { compareIndex } from '../actions/compare-index.ts';
import { indexChanges } from '../actions/index-changes.ts';
import { CatalogAway } from '../actions/read-catalog.ts';
import { rebuildIndex } from '../actions/rebuild-index.ts';
import type { HotRound } from '../actions/keep-hot.ts';
import { EngineAway, type SearchEngine } from '../engine/port.ts';
import { countSettled } from '../store/catalog.ts';
import { pruneSales } from '../store/sales.ts';

export type IndexingDeps = CompareCatalogDeps & {
  db: Database;
  engine: SearchEngine;
  log: Logger;
  everyMs: number;
};

/** A batch that failed is tried again so many times later, each time twice as late, at most by this factor. */
const maxBackoff = 16;

/**
 * Brings changes into one engine, `everyMs` apart: what changes in between, however often, goes in together. An engine that
 * is away is asked again later and later.
 */
export function startIndexing(deps: Omit<IndexingDeps, 'events' | 'engines'>): Ticker {
  const { engine, log } = deps;
  const telling = createTelling(log.child({ engine: engine.kind }), {
    waits: 'indexing waits',
    goesOn: 'indexing goes on',
  });
  let skip = 0;
  let backoff = 1;
  return startTicker(deps.everyMs, async () => {
    if (skip > 0) {
      skip -= 1;
      return;
    }
    try {
      await indexChanges(deps);
      telling.goesOn();
      backoff = 1;
    } catch (error) {
      skip = backoff;
      backoff = Math.min(maxBackoff, 2 * backoff);
      if (error instanceof EngineAway || isDatabaseUnavailable(error)) telling.waits(String(error));
      else log.error({ engine: engine.kind, err: error }, 'indexing failed; it tries again');
    }
  });
}

export type ComparingDeps = CompareCatalogDeps & {
  db: Database;
  /** Every engine that is indexed. */
  indexed: readonly SearchEngine[];
  clock: { now: () => Date };
  log: Logger;
};

/**
 * One round: the catalog, then each engine. A lost or empty index is built anew. Safe in several processes at once: what
 * is taken over twice is taken over once, and one process builds. Answers the engines that could not be compared.
 */
export async function compareAll(deps: ComparingDeps): Promise<SearchEngine[]> {
  const { log } = deps;
  const repaired = await compareCatalog(deps).catch((error: unknown) => {
    if (!(error instanceof CatalogAway)) throw error;
    log.warn({ err: error.message }, 'the comparison waits for the event service');
    return 0;
  });
  if (repaired > 0) log.warn({ events: repaired }, 'what was known of the catalog was not right; it is now');
  const waiting = await compareEngines(deps, deps.indexed, 'warn');
  while (await pruneSales(deps.db, deps.clock.now()));
  return waiting;
}

/** That it waits is a warning once in a round, and not each time that it is tried in between. */
type Level = 'warn' | 'debug';

async function compareEngines(
  deps: ComparingDeps,
  engines: readonly SearchEngine[],
  level: Level,
): Promise<SearchEngine[]> {
  const waiting: SearchEngine[] = [];
  for (const engine of engines) if (!(await compareEngine(deps, engine, level))) waiting.push(engine);
  return waiting;
}

/** False when it waits for the engine, or for the catalog that the engine's index is built from. */
async function compareEngine(deps: ComparingDeps, engine: SearchEngine, level: Level): Promise<boolean> {
  const { log } = deps;
  const about = { engine: engine.kind };
  try {
    if (await isLostForLonger(deps, engine)) {
      log[level](about, 'the index is lost; it is built anew');
      const built = await rebuildIndex(deps, engine);
      if (!built.ok) return true;
      deps.metrics.repaired('index_lost', 1);
      log.info({ ...about, documents: built.documents, seconds: built.seconds }, 'the index is built');
    }
    const told = await compareIndex({ ...deps, engine });
    if (told > 0) log.warn({ ...about, events: told }, 'the index was not right; it is told again');
    return true;
  } catch (error) {
    if (!(error instanceof EngineAway || error instanceof CatalogAway)) throw error;
    log[level]({ ...about, err: error.message }, 'the comparison of the index waits');
    return false;
  }
}

/** An engine may show what it was told a moment later. */
async function isLostForLonger({ db, graceMs }: ComparingDeps, engine: SearchEngine): Promise<boolean> {
  if (!(await isLost(db, engine))) return false;
  await pause(graceMs);
  return isLost(db, engine);
}

/** Not there, or empty although it was told of something. In this order: what is told in between is no loss. */
export async function isLost(db: Database, engine: SearchEngine): Promise<boolean> {
  const told = await countSettled(db, engine.kind);
  const indexed = await engine.count();
  return indexed === null || (indexed === 0 && told > 0);
}

const msPerSecond = 1_000;
/** An index that is lost answers nobody until it is built, so what could not be compared is not left for a whole round. */
const soonMs = 5_000;

/** A round each `everySeconds`, and in between engines that could not be compared. */
export function startComparing(deps: ComparingDeps, everySeconds: number): Ticker {
  const everyMs = everySeconds * msPerSecond;
  let dueMs = 0;
  let waiting: readonly SearchEngine[] = [];
  return startTicker(Math.min(everyMs, soonMs), async () => {
    try {
      if (monotonicMs() < dueMs) {
        waiting = await compareEngines(deps, waiting, 'debug');
        return;
      }
      dueMs = monotonicMs() + everyMs;
      waiting = await compareAll(deps);
    } catch (error) {
      if (isDatabaseUnavailable(error)) deps.log.warn('the comparison waits for the database');
      else deps.log.error({ err: error }, 'the comparison failed; it comes again');
    }
  });
}

/** Kept answers live a moment; those of a sale that is about to open are asked again before they are old. */
export function startKeepingHot(round: HotRound, everyMs: number, log: Logger): Ticker {
  const telling = createTelling(log, {
    waits: 'the questions of sales are not kept warm',
    goesOn: 'the questions of sales are kept warm again',
  });
  return startTicker(everyMs, async () => {
    try {
      await round();
      telling.goesOn();
    } catch (error) {
      if (isDatabaseUnavailable(error)) telling.waits(String(error));
      else log.error({ err: error }, 'the questions of sales could not be asked; it tries again');
    }
  });
}
