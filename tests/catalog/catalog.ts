/** The event service joined to a real booking service, as the standalone composition joins them, for tests. */
import { Registry } from 'prom-client';
import { bookingMigrations } from '@evently/booking/migrations';
import { readBookingConfig } from '@evently/booking/config';
import { createBookingService } from '@evently/booking/service';
import { readEventConfig } from '@evently/event/config';
import { eventMigrations } from '@evently/event/migrations';
import { createEventService } from '@evently/event/service';
import { identityMigrations } from '@evently/identity/migrations';
import { createInProcessBus, type Bus } from '@evently/kit/bus';
import { createCaller, type Caller } from '@evently/kit/caller';
import { systemClock } from '@evently/kit/clock';
import { readSettings } from '@evently/kit/config';
import { createLogger } from '@evently/kit/log';
import { createRequestMetrics } from '@evently/kit/metrics';
import { createRelay } from '@evently/kit/outbox';
import { platformSettings, type PlatformDeps, type SharedParts } from '@evently/kit/platform';
import type { Service } from '@evently/kit/serve';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { createTestTokens, type TestTokens } from '@evently/testkit/tokens';

export const apiKey = 'an-api-key-of-the-tests';
const callMs = 5_000;

/** What stands between the two: it carries every call, is gone, never answers, or loses answers on the way back. */
export type Line = { state: 'up' | 'away' | 'silent' | 'answers-lost'; calls: string[] };

export type Answer = { status: number; headers: Headers; body: Record<string, unknown>; text: string };
export type Ask = {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Shows the key of services. */
  service?: boolean;
};

export type Catalog = {
  event: Service;
  booking: Service;
  eventDatabase: TestDatabase;
  bookingDatabase: TestDatabase;
  line: Line;
  /** How the event service reaches booking. */
  bookingCaller: Caller;
  bus: Bus;
  tokens: TestTokens;
  /** An administrator who may do everything. */
  admin: string;
  ask: (method: string, path: string, ask?: Ask) => Promise<Answer>;
  askBooking: (method: string, path: string, ask?: Ask) => Promise<Answer>;
  /** A venue for `capacity` people; answers its id. */
  makeVenue: (capacity?: number, more?: object) => Promise<string>;
  /** A draft in a venue of its own unless `more` names one; answers the event as the interface shows it. */
  makeEvent: (more?: object) => Promise<Record<string, unknown>>;
  publishEvent: (more?: object) => Promise<Record<string, unknown>>;
  reserve: (eventId: string, quantity: number, token?: string, more?: object) => Promise<Answer>;
  /** Carries every message that waits in either outbox now. */
  deliver: () => Promise<void>;
  close: () => Promise<void>;
};

/** What a service has instead of the parts inside the process. */
export type CatalogParts = SharedParts & { bus?: Bus };
/** What both services' databases are, for parts that need one. */
export type CatalogDatabases = { event: TestDatabase; booking: TestDatabase };

/** Limits are off unless `env` switches one on. Neither service is started: no relay runs, no sweep, no upkeep. */
export async function createCatalog(
  env: Readonly<Record<string, string>> = {},
  partsOf: (databases: CatalogDatabases) => { event: CatalogParts; booking: CatalogParts } = () => ({
    event: {},
    booking: {},
  }),
): Promise<Catalog> {
  const [eventDatabase, bookingDatabase] = await Promise.all([
    createTestDatabase([identityMigrations, eventMigrations], { max: 8 }),
    createTestDatabase([bookingMigrations]),
  ]);
  const settings = {
    EVENTLY_API_KEY: apiKey,
    EVENTLY_ACCEPTED_API_KEYS: apiKey,
    EVENTLY_READS_PER_MINUTE: '0',
    EVENTLY_LOAD_TEST: '1',
    EVENT_DATABASE_URL: eventDatabase.url,
    EVENT_LOGINS_PER_MINUTE_PER_ADDRESS: '0',
    EVENT_REGISTRATIONS_PER_MINUTE_PER_ADDRESS: '0',
    IDENTITY_SECRET: 'a secret of the tests, 32 or more',
    BOOKING_DATABASE_URL: bookingDatabase.url,
    BOOKING_TICKET_SECRET: 'a secret of thirty-two characters',
    ...env,
  };
  const log = createLogger('test', process.env['TEST_LOG'] === undefined ? 'silent' : 'debug');
  const tokens = createTestTokens();
  const bus = createInProcessBus(log);
  const line: Line = { state: 'up', calls: [] };
  const parts = partsOf({ event: eventDatabase, booking: bookingDatabase });
  const depsOf = (database: TestDatabase, own: CatalogParts): PlatformDeps => {
    const registry = new Registry();
    return {
      platform: readSettings(platformSettings, settings),
      db: database.db,
      relayDb: database.db,
      bus,
      log,
      clock: systemClock,
      registry,
      requestMetrics: createRequestMetrics(registry),
      verifier: tokens.verifier,
      ...own,
    };
  };
  const callerTo = (fetch: (request: Request) => Response | Promise<Response>) =>
    createCaller({ baseUrl: 'http://service', apiKey, fetch, deadlineMs: callMs });
  const booking = createBookingService({
    ...depsOf(bookingDatabase, parts.booking),
    config: readBookingConfig(settings),
    paymentCaller: callerTo(() => new Response('', { status: 503 })),
  });
  const bookingCaller = callerTo((request) => carry(line, booking, request));
  const event = createEventService({
    ...depsOf(eventDatabase, parts.event),
    config: readEventConfig(settings),
    bookingCaller,
  });
  const admin = await tokens.admin();
  const ask: Catalog['ask'] = (method, path, options) => send(event, method, path, options);
  const catalog = createMakers(ask, admin);
  return {
    event,
    booking,
    eventDatabase,
    bookingDatabase,
    line,
    bookingCaller,
    bus,
    tokens,
    admin,
    ask,
    askBooking: (method, path, options) => send(booking, method, path, options),
    ...catalog,
    reserve: async (eventId, quantity, token, more = {}) =>
      send(booking, 'POST', '/api/v1/bookings/reserve', {
        token: token ?? (await tokens.user()),
        body: { event_id: eventId, quantity, idempotency_key: crypto.randomUUID(), ...more },
      }),
    deliver: async () => {
      for (const { db } of [eventDatabase, bookingDatabase]) {
        const relay = createRelay({ db, bus, log });
        relay.start();
        // The round that has begun is waited for.
        await relay.stop();
      }
    },
    close: async () => {
      await event.stop();
      await booking.stop();
      await eventDatabase.drop();
      await bookingDatabase.drop();
    },
  };
}

async function carry(line: Line, booking: Service, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  line.calls.push(`${request.method} ${pathname}${search}`);
  if (line.state === 'away') return new Response('', { status: 503 });
  if (line.state === 'silent') return new Promise(() => {});
  const answer = await booking.app.fetch(request);
  return line.state === 'up' ? answer : new Response('', { status: 504 });
}

function createMakers(ask: Catalog['ask'], admin: string) {
  const made = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await ask('POST', path, { token: admin, body });
    if (answer.status !== 201) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  };
  const makeVenue: Catalog['makeVenue'] = async (capacity = 1_000, more = {}) =>
    String((await made('/api/v1/admin/venues', { ...venueBody, capacity, ...more }))['venue_id']);
  const makeEvent: Catalog['makeEvent'] = async (more = {}) => {
    const venueId = 'venue_id' in more ? more.venue_id : await makeVenue();
    return made('/api/v1/admin/events', { ...eventBody(), venue_id: venueId, ...more });
  };
  const publishEvent: Catalog['publishEvent'] = async (more = {}) => {
    const { event_id: eventId } = await makeEvent(more);
    const answer = await ask('POST', `/api/v1/admin/events/${String(eventId)}/publish`, { token: admin });
    if (answer.status !== 200) throw new Error(`publishing answered ${answer.status}: ${answer.text}`);
    return answer.body;
  };
  return { makeVenue, makeEvent, publishEvent };
}

export const venueBody = {
  name: 'Chowdiah Memorial Hall',
  address: 'Gayathri Devi Park Extension',
  city: 'Bengaluru',
  state: 'Karnataka',
  country: 'India',
  postal_code: '560003',
};

const msPerHour = 3_600_000;
/** Hours from now, as RFC 3339. */
export function inHours(hours: number): string {
  return new Date(Date.now() + hours * msPerHour).toISOString();
}

export function eventBody() {
  return {
    name: 'An Evening of Ragas',
    description: 'Three generations of one family of singers.',
    event_type: 'concert',
    start_datetime: inHours(720),
    end_datetime: inHours(723),
    total_capacity: 100,
    base_price: 499.5,
  };
}

/** One request to a service; a text body is sent as it is, anything else as JSON. */
export async function send(
  service: Service,
  method: string,
  path: string,
  options: Ask = {},
): Promise<Answer> {
  const { token, body, headers, service: isService } = options;
  const response = await service.app.request(path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(isService === true ? { 'x-api-key': apiKey } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`not an object: ${text}`);
  return { status: response.status, headers: response.headers, body: { ...parsed }, text };
}
