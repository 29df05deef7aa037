/** One real booking process on the platform's database, as a pod would be: it warms itself and knows each Stop. */
import { readBookingConfig } from '@evently/booking/config';
import { createBookingService } from '@evently/booking/service';
import { createKeySource, createTokenVerifier } from '@evently/kit/auth';
import type { Bus } from '@evently/kit/bus';
import { createCaller } from '@evently/kit/caller';
import { systemClock } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { createRegistry, createRequestMetrics } from '@evently/kit/metrics';
import { platformSettings } from '@evently/kit/platform';
import { readSettings } from '@evently/kit/config';
import { openDatabase } from '@evently/kit/postgres';
import { closeOnSignal, createLifecycle, listen, listenerOf } from '@evently/kit/serve';

const callMs = 5_000;

const platform = readSettings(platformSettings, process.env);
const config = readBookingConfig(process.env);
const log = createLogger('booking', platform.EVENTLY_LOG_LEVEL);
const registry = createRegistry();
const url = config.BOOKING_DATABASE_URL;
const db = openDatabase({ url, name: 'booking', max: config.BOOKING_POOL_SIZE, log });
const relayDb = openDatabase({ url, name: 'booking-relay', max: 1, log });
const nowMs = (): number => systemClock.now().getTime();
const keys = createKeySource(
  async () => {
    const answer = await fetch(`${process.env['TEST_USER_URL']}/.well-known/jwks.json`, {
      signal: AbortSignal.timeout(callMs),
    });
    return answer.json();
  },
  nowMs,
  log,
);
await keys.refresh();
// The platform's own relay has the consumers: this one leaves every message to it, untried.
const bus: Bus = {
  publishBatch: () => Promise.resolve({ handled: new Set(), failed: new Map() }),
  publish: () => Promise.reject(new Error('the messages of this process are published by the platform')),
  subscribe: () => undefined,
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};
const service = createBookingService({
  platform,
  config,
  db,
  relayDb,
  log,
  registry,
  clock: systemClock,
  bus,
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
    nowMs,
  ),
  paymentCaller: createCaller({
    baseUrl: process.env['TEST_PAYMENT_URL'] ?? '',
    apiKey: platform.EVENTLY_API_KEY,
    fetch: (request) => fetch(request),
    deadlineMs: callMs,
  }),
});
const life = createLifecycle(log);
life.opened('pools', async () => {
  await Promise.all([db.close(), relayDb.close()]);
});
await service.start();
life.opened('service', service.stop);
const port = await listen('requests', '127.0.0.1', config.BOOKING_PORT, listenerOf(service.app.fetch));
life.opened('port', port.close);
closeOnSignal(life, log);
