/** One booking process on the platform's database, as a pod would be; several of them share an event. */
import { readBookingConfig } from '@evently/booking/config';
import { createBookingService } from '@evently/booking/service';
import { createInProcessBus } from '@evently/kit/bus';
import { createCaller } from '@evently/kit/caller';
import { systemClock } from '@evently/kit/clock';
import { readSettings } from '@evently/kit/config';
import { createLogger } from '@evently/kit/log';
import { createRegistry, createRequestMetrics } from '@evently/kit/metrics';
import { createDatabaseMetrics } from '@evently/kit/metrics-database';
import { platformSettings } from '@evently/kit/platform';
import { openDatabase } from '@evently/kit/postgres';
import { processSettings } from './process-settings.ts';
import { createVerifier, serveProcess } from './serve-process.ts';
import { silenceMetrics } from './silence-metrics.ts';

const callMs = 5_000;

const own = readSettings(processSettings, process.env);
const platform = readSettings(platformSettings, process.env);
const config = readBookingConfig(process.env);
const log = createLogger('booking', platform.EVENTLY_LOG_LEVEL);
if (own.BENCH_METRICS === 'off') silenceMetrics();
const registry = createRegistry();
const url = config.BOOKING_DATABASE_URL;
const shown = createDatabaseMetrics(registry);
const pool = shown.pool('booking', 'own');
const max = config.BOOKING_POOL_SIZE;
const db = openDatabase({ url, name: 'booking', max, log, waited: pool.waited });
pool.watch(db);
shown.watch('booking', db, log);
const relayDb = openDatabase({ url, name: 'booking-relay', max: 1, log });
// Nobody subscribes to the messages of this process, so its relay is never started: the platform's own
// relay, which has the consumers, publishes what is written to the outbox here.
const service = createBookingService({
  platform,
  config,
  db,
  relayDb,
  log,
  registry,
  clock: systemClock,
  bus: createInProcessBus(log),
  requestMetrics: createRequestMetrics(registry),
  verifier: await createVerifier(own.BENCH_USER_URL, platform, log),
  paymentCaller: createCaller({
    baseUrl: own.BENCH_PAYMENT_URL,
    apiKey: platform.EVENTLY_API_KEY,
    fetch: (request) => fetch(request),
    deadlineMs: callMs,
  }),
});
await serveProcess({
  service,
  registry,
  log,
  close: async () => {
    await service.stop();
    await Promise.all([db.close(), relayDb.close()]);
  },
});
