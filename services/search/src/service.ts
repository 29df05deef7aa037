/** The search service: what can be found of the catalog, in an index that follows it. */
import { createApp, type ServiceApp } from '@evently/kit/app';
import type { Handler } from '@evently/kit/bus';
import type { Caller } from '@evently/kit/caller';
import type { Ticker } from '@evently/kit/clock';
import { deadLetterRoutes } from '@evently/kit/dead-letters';
import { addressKey, rateLimit } from '@evently/kit/guards';
import { isDatabaseUnavailable, type Database } from '@evently/kit/postgres';
import type { PlatformDeps } from '@evently/kit/platform';
import type { Service } from '@evently/kit/serve';
import { createEnginePort, type EnginePort } from './actions/ask-engines.ts';
import { createTrendingBoard } from './actions/search-events.ts';
import { createHotRounds, lookEveryMs } from './actions/keep-hot.ts';
import type { SearchConfig } from './config.ts';
import { openEngines, type OpenedEngines } from './engine/open-engines.ts';
import { EngineAway, type SearchEngine } from './engine/port.ts';
import { internalRoutes } from './http/internal.ts';
import { searchRoutes } from './http/search.ts';
import { startComparing, startIndexing, startKeepingHot } from './jobs/indexing.ts';
import { createHandlers, subscribe } from './jobs/messages.ts';
import { createSearchMetrics, type SearchMetrics } from './metrics.ts';
import { countKnown } from './store/catalog.ts';
import { measureBacklog } from './store/pending.ts';

/** `eventCaller` reaches the event service's internal routes; `engines` takes the place of those of the settings. */
export type SearchServiceDeps = PlatformDeps & {
  config: SearchConfig;
  eventCaller: Caller;
  engines?: OpenedEngines;
  /** How long a difference must last before it is repaired; 3 s unless told. */
  graceMs?: number;
};

const graceMs = 3_000;
const readsWindowSeconds = 60;
/** What is kept warm is asked again in the middle of its life. */
const keepsPerLife = 2;
/** Not more often, however short an answer is kept. */
const leastHotMs = 50;

/** Wires the service. Nothing runs before `start`, which does not wait for an engine that is away. */
export function createSearchService(deps: SearchServiceDeps): Service {
  const { db, log, config } = deps;
  const parts = createParts(deps);
  const { main, fallback, indexed } = parts;
  const tickers: Ticker[] = [];
  const handlers = createHandlers({ db, log, engines: parts.engines });
  subscribe(deps.bus, handlers);
  const app = createRoutes(deps, { ...parts, handlers });
  return {
    name: 'search',
    app,
    start: async () => {
      for (const engine of indexed)
        await prepareFirst(db, engine).catch((error: unknown) => {
          if (!(error instanceof EngineAway) && !isDatabaseUnavailable(error)) throw error;
          log.warn({ engine: engine.kind, err: String(error) }, 'the index is prepared later');
        });
      const everyMs = config.SEARCH_INDEX_EVERY_MS;
      for (const engine of indexed) tickers.push(startIndexing({ ...parts, engine, db, log, everyMs }));
      tickers.push(startComparing({ ...parts, db, log, clock: deps.clock }, config.SEARCH_COMPARE_SECONDS));
      // Where no answer is kept none can be kept warm.
      if (config.SEARCH_KEEP_MS > 0) tickers.push(keepHot(deps, parts));
    },
    stop: async () => {
      await Promise.all(tickers.splice(0).map((ticker) => ticker.stop()));
      await Promise.all([main.close(), fallback?.close()]);
    },
  };
}

function keepHot({ db, clock, log, config }: SearchServiceDeps, { port }: { port: EnginePort }): Ticker {
  const everyMs = Math.max(leastHotMs, config.SEARCH_KEEP_MS / keepsPerLife);
  // Looked twice as often as anything is due, so that a timer's fraction makes nothing old.
  const roundMs = Math.min(everyMs / 2, lookEveryMs);
  return startKeepingHot(createHotRounds({ db, port, clock, log }, everyMs), roundMs, log);
}

/** An empty index says that there is nothing. Where events are known the comparison builds one, and till then it is away. */
async function prepareFirst(db: Database, engine: SearchEngine): Promise<void> {
  if ((await countKnown(db)) === 0) await engine.prepare();
}

function createParts(deps: SearchServiceDeps) {
  const { db, log, config, clock } = deps;
  const engines = deps.engines ?? openEngines(config, db);
  const { main, fallback } = engines;
  const indexed = fallback === null ? [main] : [main, fallback];
  const metrics: SearchMetrics = createSearchMetrics(deps.registry, log, async () => ({
    ...(await measureBacklog(db, main.kind)),
    documents: await main.count(),
  }));
  const keepMs = config.SEARCH_KEEP_MS;
  const port = createEnginePort({ engines, metrics, log, keepMs });
  const search = { db, port, clock, metrics, keepMs };
  return {
    main,
    fallback,
    indexed,
    engines: indexed.map(({ kind }) => kind),
    metrics,
    port,
    search,
    trending: createTrendingBoard(search),
    events: deps.eventCaller,
    graceMs: deps.graceMs ?? graceMs,
  };
}

type RouteParts = ReturnType<typeof createParts> & {
  handlers: Readonly<Record<string, Handler>>;
};

function createRoutes(deps: SearchServiceDeps, parts: RouteParts): ServiceApp {
  const { platform, db, log, config } = deps;
  const { main, search, trending } = parts;
  const acceptedApiKeys = platform.EVENTLY_ACCEPTED_API_KEYS;
  const reads = rateLimit({
    name: 'reads',
    limit: platform.EVENTLY_READS_PER_MINUTE,
    windowSeconds: readsWindowSeconds,
    key: addressKey(platform.EVENTLY_TRUSTED_HOPS, platform.EVENTLY_EXEMPT_LOOPBACK),
    limiters: deps.limiters,
  });
  const app = createApp({
    service: 'search',
    title: 'Evently: search',
    log,
    metrics: deps.requestMetrics,
    dependencies: {
      database: db.ready,
      // Told and no more: without it requests are answered 503 with Retry-After, or by the fallback.
      engine: async () => ({ ready: true, says: (await main.ready()) ? 'ok' : 'away' }),
    },
  });
  app.route('/', searchRoutes({ ...search, trending, limits: { reads } }));
  app.route(
    '/',
    internalRoutes({
      ...parts,
      db,
      log,
      clock: deps.clock,
      engine: main,
      connections: config.SEARCH_POOL_SIZE,
      acceptedApiKeys,
    }),
  );
  app.route('/', deadLetterRoutes({ db, consumers: parts.handlers, acceptedApiKeys }));
  return app;
}
