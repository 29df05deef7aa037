/** One booking process as a pod has it, without the other services: serves, says its port, and drains on SIGTERM. */
import { createPublicKey } from 'node:crypto';
import { Registry } from 'prom-client';
import { readBookingConfig } from '@evently/booking/config';
import { createBookingService } from '@evently/booking/service';
import { createTokenVerifier } from '@evently/kit/auth';
import { createInProcessBus } from '@evently/kit/bus';
import { createCaller } from '@evently/kit/caller';
import { systemClock } from '@evently/kit/clock';
import { listenerOfService } from '@evently/kit/direct';
import { readSettings } from '@evently/kit/config';
import { createLogger } from '@evently/kit/log';
import { createRequestMetrics } from '@evently/kit/metrics';
import { platformSettings } from '@evently/kit/platform';
import { openDatabase } from '@evently/kit/postgres';
import { closeOnSignal, createLifecycle, listen } from '@evently/kit/serve';

const config = readBookingConfig(process.env);
const platform = readSettings(platformSettings, process.env);
const log = createLogger('booking', platform.EVENTLY_LOG_LEVEL);
const lifecycle = createLifecycle(log);
const url = config.BOOKING_DATABASE_URL;

const db = openDatabase({ url, name: 'booking', max: config.BOOKING_POOL_SIZE, log });
lifecycle.opened('database', db.close);
const relayDb = openDatabase({ url, name: 'booking-relay', max: 1, log });
lifecycle.opened('database of the relay', relayDb.close);

const publicKey = createPublicKey(process.env['TEST_TOKEN_KEY'] ?? '');
const keys = { find: () => publicKey, known: () => 1, refresh: () => Promise.resolve() };
const registry = new Registry();
const service = createBookingService({
  config,
  platform,
  db,
  relayDb,
  log,
  registry,
  bus: createInProcessBus(log),
  clock: systemClock,
  requestMetrics: createRequestMetrics(registry),
  verifier: createTokenVerifier(
    [
      {
        issuer: platform.EVENTLY_USER_ISSUER,
        audience: platform.EVENTLY_TOKEN_AUDIENCE,
        role: 'user',
        keys,
      },
    ],
    () => systemClock.now().getTime(),
  ),
  // Nobody pays in these tests.
  paymentCaller: createCaller({
    baseUrl: 'http://payment',
    apiKey: platform.EVENTLY_API_KEY,
    fetch: () => Promise.resolve(Response.json({}, { status: 503 })),
    deadlineMs: 1_000,
  }),
});
await service.start();
lifecycle.opened('service', service.stop);
const listening = await listen('booking', '127.0.0.1', 0, listenerOfService(service));
lifecycle.opened('port', listening.close);
closeOnSignal(lifecycle, log);
process.stdout.write(`${listening.port}\n`);
