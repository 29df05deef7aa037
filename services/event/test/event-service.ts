/** An event service on a database of its own, with a pretend booking behind the caller's port. */
import { Registry } from 'prom-client';
import { z } from 'zod';
import { identityMigrations } from '@evently/identity/migrations';
import { createKeySource, createTokenVerifier, type TokenVerifier } from '@evently/kit/auth';
import { createInProcessBus, type Bus } from '@evently/kit/bus';
import { createCaller } from '@evently/kit/caller';
import { systemClock } from '@evently/kit/clock';
import { readSettings } from '@evently/kit/config';
import { createLogger } from '@evently/kit/log';
import { createRequestMetrics } from '@evently/kit/metrics';
import { platformSettings } from '@evently/kit/platform';
import type { Service } from '@evently/kit/serve';
import { answerFault, readOperations, type Operation } from '@evently/testkit/open-api';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { createTestTokens, testAudience, testIssuers, type TestTokens } from '@evently/testkit/tokens';
import { readEventConfig } from '../src/config.ts';
import { eventMigrations } from '../src/migrations.ts';
import { createEventService } from '../src/service.ts';
import { createPretendBooking, type PretendBooking } from './pretend-booking.ts';

export const apiKey = 'an-api-key-of-the-tests';
export const bootstrapToken = 'a-one-time-token-of-the-tests';
const callMs = 500;

export type EventServiceUnderTest = {
  service: Service;
  database: TestDatabase;
  booking: PretendBooking;
  bus: Bus;
  tokens: TestTokens;
  /** An administrator of another making, who may do everything. */
  admin: string;
  verifier: TokenVerifier;
  logs: string[];
  registry: Registry;
  /** What the service says of itself; every answer is held against it. */
  operations: readonly Operation[];
  close: () => Promise<void>;
};

/** Limits are off unless `env` switches one on, so that tests do not count each other. Nothing is started. */
export async function createEventServiceUnderTest(
  env: Readonly<Record<string, string>> = {},
): Promise<EventServiceUnderTest> {
  const database = await createTestDatabase([identityMigrations, eventMigrations], { max: 8 });
  const settings = {
    EVENTLY_API_KEY: apiKey,
    EVENTLY_ACCEPTED_API_KEYS: `${apiKey},the-next-key-of-the-tests`,
    EVENTLY_READS_PER_MINUTE: '0',
    EVENTLY_BOOTSTRAP_TOKEN: bootstrapToken,
    EVENT_DATABASE_URL: database.url,
    EVENT_LOGINS_PER_MINUTE_PER_ACCOUNT: '0',
    EVENT_LOGINS_PER_MINUTE_PER_ADDRESS: '0',
    EVENT_REGISTRATIONS_PER_MINUTE_PER_ADDRESS: '0',
    IDENTITY_SECRET: 'canary-secret of the tests, 32 or more',
    ...env,
  };
  const logs: string[] = [];
  const log = createLogger('event', 'debug', { write: (line: string) => void logs.push(line) });
  const booking = createPretendBooking();
  const tokens = createTestTokens();
  const registry = new Registry();
  const bus = createInProcessBus(log);
  const keys = createKeySource(
    async () => (await service.app.request('/.well-known/jwks.json')).json(),
    Date.now,
    log,
  );
  const own = createTokenVerifier(
    [{ issuer: testIssuers.admin, audience: testAudience, role: 'admin', keys }],
    Date.now,
  );
  const verifier: TokenVerifier = {
    verify: async (token) => (await tokens.verifier.verify(token)) ?? own.verify(token),
    verifyNow: (token) => tokens.verifier.verifyNow(token) ?? own.verifyNow(token),
    loadKeys: async () => [...(await tokens.verifier.loadKeys()), ...(await own.loadKeys())],
  };
  const service = createEventService({
    platform: readSettings(platformSettings, settings),
    config: readEventConfig(settings),
    db: database.db,
    relayDb: database.db,
    bus,
    log,
    clock: systemClock,
    registry,
    requestMetrics: createRequestMetrics(registry),
    verifier,
    bookingCaller: createCaller({
      baseUrl: 'http://booking',
      apiKey,
      fetch: booking.fetch,
      deadlineMs: callMs,
    }),
  });
  return {
    service,
    database,
    booking,
    bus,
    tokens,
    admin: await tokens.admin(),
    verifier,
    logs,
    registry,
    operations: await readOperations(service.app),
    close: async () => {
      await service.stop();
      await database.drop();
    },
  };
}

export type Sent = { status: number; headers: Headers; body: Record<string, unknown>; text: string };
export type SendOptions = { token?: string; key?: string; headers?: Record<string, string> };

/** One request; a text body is sent as it is, anything else as JSON. */
export async function send(
  { service, operations }: EventServiceUnderTest,
  method: string,
  path: string,
  body?: unknown,
  options: SendOptions = {},
): Promise<Sent> {
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const response = await service.app.request(path, {
    method,
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.key === undefined ? {} : { 'x-api-key': options.key }),
      // As over a socket: every body says how long it is.
      ...(sent === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(sent)) }),
      ...options.headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const undocumented = answerFault(operations, method, path.replace(/\?.*/, ''), response.status);
  if (undocumented !== null) throw new Error(undocumented);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : z.record(z.string(), z.unknown()).parse(JSON.parse(text)),
    text,
  };
}

export const venueBody = {
  name: 'Chowdiah Memorial Hall',
  address: 'Gayathri Devi Park Extension',
  city: 'Bengaluru',
  state: 'Karnataka',
  country: 'India',
  postal_code: '560003',
  capacity: 1_000,
};

const msPerHour = 3_600_000;
/** Hours from now, as RFC 3339. */
export function inHours(hours: number): string {
  return new Date(Date.now() + hours * msPerHour).toISOString();
}
export const eventBody = {
  name: 'An Evening of Ragas',
  description: 'Three generations of one family of singers.',
  event_type: 'concert',
  start_datetime: inHours(720),
  end_datetime: inHours(723),
  total_capacity: 100,
  base_price: 499.5,
};

/** Answers the new venue's id. */
export async function makeVenue(under: EventServiceUnderTest, more: object = {}): Promise<string> {
  const made = await send(
    under,
    'POST',
    '/api/v1/admin/venues',
    { ...venueBody, ...more },
    { token: under.admin },
  );
  return z.object({ venue_id: z.uuid() }).parse(made.body).venue_id;
}

export const shownEvent = z.looseObject({
  event_id: z.uuid(),
  status: z.string(),
  version: z.int(),
  tiers: z.array(
    z.looseObject({ tier_id: z.uuid(), name: z.string(), capacity: z.int(), price: z.number() }),
  ),
});

/** A draft in a venue of its own, unless `more` names one. */
export async function makeEvent(
  under: EventServiceUnderTest,
  more: object = {},
): Promise<z.output<typeof shownEvent>> {
  const venueId = 'venue_id' in more ? more.venue_id : await makeVenue(under);
  const body = { ...eventBody, venue_id: venueId, ...more };
  const made = await send(under, 'POST', '/api/v1/admin/events', body, { token: under.admin });
  if (made.status !== 201) throw new Error(`making an event answered ${made.status}: ${made.text}`);
  return shownEvent.parse(made.body);
}

export async function publishEvent(under: EventServiceUnderTest, eventId: string): Promise<Sent> {
  return send(under, 'POST', `/api/v1/admin/events/${eventId}/publish`, undefined, { token: under.admin });
}

const someText = {
  asymmetricMatch: (value: unknown): boolean => typeof value === 'string' && value !== '',
};
/** What every refusal must be: a problem document whose `error` repeats the detail. */
export function problem(status: number, code: string) {
  const type = `/docs/problems/${code.replaceAll('_', '-')}`;
  return { status, body: { status, code, type, error: someText, detail: someText, title: someText } };
}
