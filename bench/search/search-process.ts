/** One process of the search service, as a pod would be, in front of a pretended event service. */
import { createInProcessBus } from '@evently/kit/bus';
import { createCaller } from '@evently/kit/caller';
import { createTokenVerifier } from '@evently/kit/auth';
import { systemClock } from '@evently/kit/clock';
import { readSettings, setting } from '@evently/kit/config';
import { createLogger } from '@evently/kit/log';
import { createRegistry, createRequestMetrics } from '@evently/kit/metrics';
import { messagingMigrations, migrate } from '@evently/kit/migrate';
import { platformSettings } from '@evently/kit/platform';
import { openDatabase } from '@evently/kit/postgres';
import { readSearchConfig } from '@evently/search/config';
import { searchMigrations } from '@evently/search/migrations';
import { createSearchService } from '@evently/search/service';
import { z } from 'zod';
import { serveProcess } from '../serve-process.ts';

const callMs = 10_000;
const own = readSettings(
  { BENCH_EVENT_URL: setting(z.url(), { about: 'Address of the pretended event service' }) },
  process.env,
);
const platform = readSettings(platformSettings, process.env);
const config = readSearchConfig(process.env);
const log = createLogger('search', platform.EVENTLY_LOG_LEVEL);
const registry = createRegistry();
const url = config.SEARCH_DATABASE_URL;
await migrate(url, [messagingMigrations, searchMigrations], log);
const db = openDatabase({ url, name: 'search', max: config.SEARCH_POOL_SIZE, log });
const service = createSearchService({
  platform,
  config,
  db,
  relayDb: db,
  log,
  registry,
  clock: systemClock,
  bus: createInProcessBus(log),
  requestMetrics: createRequestMetrics(registry),
  // Nobody signs in here.
  verifier: createTokenVerifier([], () => systemClock.now().getTime()),
  eventCaller: createCaller({
    baseUrl: own.BENCH_EVENT_URL,
    apiKey: platform.EVENTLY_API_KEY,
    fetch: (request) => fetch(request),
    deadlineMs: callMs,
  }),
});
await service.start();
await serveProcess({
  service,
  registry,
  log,
  close: async () => {
    await service.stop();
    await db.close();
  },
});
