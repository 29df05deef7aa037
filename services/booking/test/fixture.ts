/** A booking service on a fresh database, with a payment service whose next answers a test decides. */
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { z } from 'zod';
import type { InventorySpec } from '@evently/contracts/inventory';
import type { PaymentAnswer, PaymentStatus } from '@evently/contracts/payments';
import { createInProcessBus, type Bus } from '@evently/kit/bus';
import { createCaller } from '@evently/kit/caller';
import { systemClock } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { createRequestMetrics } from '@evently/kit/metrics';
import { platformSettings } from '@evently/kit/platform';
import { readSettings } from '@evently/kit/config';
import { openDatabase, type Database } from '@evently/kit/postgres';
import type { Service } from '@evently/kit/serve';
import { answerFault, readOperations } from '@evently/testkit/open-api';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { createTestTokens, type TestTokens } from '@evently/testkit/tokens';
import { readBookingConfig } from '../src/config.ts';
import { bookingMigrations } from '../src/migrations.ts';
import { createBookingService } from '../src/service.ts';
import { verifyBooking } from '../src/store/verify.ts';

export const apiKey = 'test-api-key-of-booking';
const jsonObject = z.record(z.string(), z.unknown());

/** What the payment side does: by attempt, `answers` for new payments, `known` for questions, `away` for silence. */
export type PaymentScript = {
  next: PaymentStatus | 'away';
  known: PaymentStatus | 'missing' | 'away';
  voids: PaymentStatus;
  calls: { method: string; path: string; body: unknown }[];
};

export type Fixture = {
  database: TestDatabase;
  service: Service;
  tokens: TestTokens;
  bus: Bus;
  registry: Registry;
  payments: PaymentScript;
  /** Answers are held against the OpenAPI document: a status that it does not have is an error. */
  call: (
    method: string,
    path: string,
    options?: { token?: string; body?: unknown; headers?: Record<string, string> },
  ) => Promise<{ status: number; body: Record<string, unknown>; headers: Headers }>;
  internal: (
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<{ status: number; body: Record<string, unknown> }>;
  /** Publishes an event with one tier, or those of `spec`; answers its id. */
  publish: (
    spec?: Partial<InventorySpec> & { capacity?: number },
  ) => Promise<{ eventId: string; tierIds: string[] }>;
  broken: () => Promise<string[]>;
  close: () => Promise<void>;
};

/**
 * `beside`: another process on the database of that one, which must be closed after it. `listenTo`: hears what is said
 * to the database.
 */
export async function createFixture(
  env: Record<string, string> = {},
  beside: Fixture | null = null,
  listenTo: (db: Database) => Database = (db) => db,
): Promise<Fixture> {
  const made = beside === null ? await createTestDatabase([bookingMigrations]) : openBeside(beside.database);
  const database = { ...made, db: listenTo(made.db) };
  const tokens = beside?.tokens ?? createTestTokens();
  const payments: PaymentScript = { next: 'succeeded', known: 'missing', voids: 'void', calls: [] };
  const log = createLogger('test', env['TEST_LOG'] ?? 'silent');
  const relay = listenTo(openDatabase({ url: database.url, name: 'relay', max: 1, log }));
  const registry = new Registry();
  const bus = createInProcessBus(log);
  const service = createBookingService({
    platform: readSettings(platformSettings, {
      EVENTLY_API_KEY: apiKey,
      EVENTLY_ACCEPTED_API_KEYS: apiKey,
      EVENTLY_READS_PER_MINUTE: '0',
      EVENTLY_LOAD_TEST: '1',
      ...env,
    }),
    config: readBookingConfig({
      BOOKING_DATABASE_URL: database.url,
      BOOKING_TICKET_SECRET: 'a secret of thirty-two characters',
      ...env,
    }),
    db: database.db,
    relayDb: relay,
    bus,
    log,
    clock: systemClock,
    registry,
    requestMetrics: createRequestMetrics(registry),
    verifier: tokens.verifier,
    paymentCaller: createCaller({
      baseUrl: 'http://payment',
      apiKey,
      fetch: (request) => answerPayment(payments, request),
      deadlineMs: 20_000,
    }),
  });
  const operations = readOperations(service.app);
  const call: Fixture['call'] = async (method, path, options = {}) => {
    const response = await service.app.request(path, {
      method,
      headers: {
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined
        ? {}
        : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
    });
    const fault = answerFault(await operations, method, path.split('?')[0] ?? '', response.status);
    if (fault !== null) throw new Error(fault);
    const body = jsonObject.parse(await response.json());
    return { status: response.status, body, headers: response.headers };
  };
  const internal: Fixture['internal'] = (method, path, body) =>
    call(method, path, { headers: { 'x-api-key': apiKey }, ...(body === undefined ? {} : { body }) });
  let revision = 0;
  return {
    database,
    service,
    tokens,
    bus,
    registry,
    payments,
    call,
    internal,
    publish: async ({ capacity = 10, ...overrides } = {}) => {
      const eventId = randomUUID();
      revision += 1;
      const spec = { ...specOf(capacity, revision), ...overrides };
      const answer = await internal('PUT', `/internal/inventory/${eventId}`, spec);
      if (answer.status !== 200) throw new Error(`publishing failed: ${JSON.stringify(answer.body)}`);
      return { eventId, tierIds: spec.tiers.map((tier) => tier.tier_id) };
    },
    broken: async () =>
      (await verifyBooking(database.db)).flatMap((check) =>
        check.violations.rows.map((row) => `${check.invariant}: ${row}`),
      ),
    close: async () => {
      await service.stop();
      await relay.close();
      await database.drop();
    },
  };
}

function openBeside({ url }: TestDatabase): TestDatabase {
  const db = openDatabase({ url, name: 'beside', max: 4, log: createLogger('test', 'silent') });
  return { db, url, drop: db.close };
}

export function specOf(capacity: number, revision: number): InventorySpec {
  const startsAt = Date.now() + 30 * 86_400_000;
  return {
    revision,
    catalog_version: 1,
    status: 'published',
    name: 'A concert',
    venue_name: 'A hall',
    venue_address: 'A street',
    starts_at: new Date(startsAt).toISOString(),
    ends_at: new Date(startsAt + 7_200_000).toISOString(),
    currency: 'INR',
    sale: { mode: 'open', opens_at: null, closes_at: null },
    max_per_booking: 10,
    max_per_buyer: null,
    waitlist: 'automatic',
    refund_policy: [
      { hours_before: 24, percent: 100 },
      { hours_before: 2, percent: 50 },
    ],
    tiers: [{ tier_id: randomUUID(), name: 'General', capacity, price_minor: 49_950 }],
  };
}

async function answerPayment(script: PaymentScript, request: Request): Promise<Response> {
  const { pathname, search, searchParams } = new URL(request.url);
  const body = request.method === 'POST' ? jsonObject.parse(await request.json()) : {};
  script.calls.push({ method: request.method, path: pathname + search, body });
  const status = pathname.endsWith('/void')
    ? script.voids
    : request.method === 'POST'
      ? script.next
      : script.known;
  if (status === 'away') return Response.json({}, { status: 503 });
  if (status === 'missing')
    return Response.json({ code: 'not_found', detail: 'No such payment' }, { status: 404 });
  const answer: PaymentAnswer = {
    payment_id: randomUUID(),
    booking_id: String(body['booking_id'] ?? searchParams.get('booking_id')),
    attempt: Number(body['attempt'] ?? searchParams.get('attempt')),
    status,
    transaction_id: 'txn_1',
    amount_minor: Number(body['amount_minor'] ?? 0),
    currency: 'INR',
    decline_code: status === 'declined' ? 'card_declined' : null,
  };
  return Response.json(answer);
}
