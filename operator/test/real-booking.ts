/** A real booking service on a database of its own, for tests of the operator's half of the conversation. */
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { bookingMigrations } from '@evently/booking/migrations';
import { readBookingConfig } from '@evently/booking/config';
import { createBookingService } from '@evently/booking/service';
import type { InventorySpec } from '@evently/contracts/inventory';
import { createInProcessBus } from '@evently/kit/bus';
import { createCaller } from '@evently/kit/caller';
import { systemClock } from '@evently/kit/clock';
import { readSettings } from '@evently/kit/config';
import { createLogger } from '@evently/kit/log';
import { createRequestMetrics } from '@evently/kit/metrics';
import { platformSettings } from '@evently/kit/platform';
import { createTestDatabase } from '@evently/testkit/postgres';
import { createTestTokens } from '@evently/testkit/tokens';

export const apiKey = 'an-api-key-of-the-operator';

export type RealBooking = {
  fetch: (request: Request) => Promise<Response>;
  /** Publishes an event whose sale is managed from outside; answers its id. */
  publish: (capacity?: number) => Promise<string>;
  /** A buyer asks for one seat; answers the status. */
  reserve: (eventId: string) => Promise<number>;
  close: () => Promise<void>;
};

export async function createRealBooking(): Promise<RealBooking> {
  const database = await createTestDatabase([bookingMigrations]);
  const log = createLogger('test', 'silent');
  const tokens = createTestTokens();
  const registry = new Registry();
  const settings = {
    EVENTLY_API_KEY: apiKey,
    EVENTLY_ACCEPTED_API_KEYS: apiKey,
    EVENTLY_READS_PER_MINUTE: '0',
    EVENTLY_LOAD_TEST: '1',
    BOOKING_DATABASE_URL: database.url,
    BOOKING_TICKET_SECRET: 'a secret of thirty-two characters',
  };
  const service = createBookingService({
    platform: readSettings(platformSettings, settings),
    config: readBookingConfig(settings),
    db: database.db,
    relayDb: database.db,
    bus: createInProcessBus(log),
    log,
    clock: systemClock,
    registry,
    requestMetrics: createRequestMetrics(registry),
    verifier: tokens.verifier,
    paymentCaller: createCaller({
      baseUrl: 'http://payment',
      apiKey,
      fetch: () => new Response('', { status: 503 }),
      deadlineMs: 1_000,
    }),
  });
  const send = async (method: string, path: string, headers: Record<string, string>, body: unknown) =>
    service.app.request(path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  return {
    fetch: async (request) => service.app.fetch(request),
    publish: async (capacity = 10) => {
      const eventId = randomUUID();
      const answer = await send(
        'PUT',
        `/internal/inventory/${eventId}`,
        { 'x-api-key': apiKey },
        specOf(capacity),
      );
      if (answer.status !== 200) throw new Error(`publishing failed: ${await answer.text()}`);
      return eventId;
    },
    reserve: async (eventId) => {
      const headers = { authorization: `Bearer ${await tokens.user()}` };
      const body = { event_id: eventId, quantity: 1, idempotency_key: randomUUID() };
      return (await send('POST', '/api/v1/bookings/reserve', headers, body)).status;
    },
    close: async () => {
      await service.stop();
      await database.drop();
    },
  };
}

const dayMs = 86_400_000;

function specOf(capacity: number): InventorySpec {
  const startsAtMs = systemClock.now().getTime() + 30 * dayMs;
  return {
    revision: 1,
    catalog_version: 1,
    status: 'published',
    name: 'A concert',
    venue_name: 'A hall',
    venue_address: 'A street',
    starts_at: new Date(startsAtMs).toISOString(),
    ends_at: new Date(startsAtMs + dayMs).toISOString(),
    currency: 'INR',
    sale: { mode: 'managed', opens_at: null, closes_at: null },
    max_per_booking: 10,
    max_per_buyer: null,
    waitlist: 'automatic',
    refund_policy: [{ hours_before: 24, percent: 100 }],
    tiers: [{ tier_id: randomUUID(), name: 'General', capacity, price_minor: 49_950 }],
  };
}
