/** A search service on a database of its own, with a pretend catalog behind the caller's port. */
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { expect, vi } from 'vitest';
import { z } from 'zod';
import type { CatalogDocument } from '@evently/contracts/search';
import { createInProcessBus, type Bus } from '@evently/kit/bus';
import { systemClock } from '@evently/kit/clock';
import { readSettings } from '@evently/kit/config';
import { createLogger } from '@evently/kit/log';
import { createRequestMetrics } from '@evently/kit/metrics';
import { platformSettings } from '@evently/kit/platform';
import type { Service } from '@evently/kit/serve';
import { answerFault, readOperations, type Operation } from '@evently/testkit/open-api';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { createTestTokens } from '@evently/testkit/tokens';
import { readSearchConfig } from '../src/config.ts';
import type { OpenedEngines } from '../src/engine/open-engines.ts';
import { createPostgresEngine } from '../src/engine/postgres.ts';
import { searchMigrations } from '../src/migrations.ts';
import { createSearchService } from '../src/service.ts';
import { createPretendCatalog, type PretendCatalog } from './pretend-catalog.ts';

export const apiKey = 'an-api-key-of-the-tests';

export type SearchUnderTest = {
  service: Service;
  database: TestDatabase;
  catalog: PretendCatalog;
  bus: Bus;
  registry: Registry;
  logs: string[];
  /** What the service says of itself; every answer is held against it. */
  operations: readonly Operation[];
  close: () => Promise<void>;
};
export type UnderTestOptions = {
  env?: Readonly<Record<string, string>>;
  engines?: (postgres: OpenedEngines['main']) => OpenedEngines;
  /** Another process of the service: its database, which it goes on having, and its catalog. */
  beside?: SearchUnderTest;
};

/** Nothing is started. Answers are not kept, and comparing waits for no messages, unless a test says otherwise. */
export async function createSearchUnderTest(options: UnderTestOptions = {}): Promise<SearchUnderTest> {
  const database = options.beside?.database ?? (await createTestDatabase([searchMigrations], { max: 8 }));
  const settings = {
    EVENTLY_API_KEY: apiKey,
    EVENTLY_ACCEPTED_API_KEYS: apiKey,
    EVENTLY_READS_PER_MINUTE: '0',
    SEARCH_DATABASE_URL: database.url,
    SEARCH_KEEP_MS: '0',
    SEARCH_INDEX_EVERY_MS: '20',
    SEARCH_COMPARE_SECONDS: '3600',
    ...options.env,
  };
  const logs: string[] = [];
  const log = createLogger('search', 'debug', { write: (line: string) => void logs.push(line) });
  const catalog = options.beside?.catalog ?? createPretendCatalog();
  const registry = new Registry();
  const bus = createInProcessBus(log);
  const postgres = createPostgresEngine({ db: database.db });
  const service = createSearchService({
    platform: readSettings(platformSettings, settings),
    config: readSearchConfig(settings),
    db: database.db,
    relayDb: database.db,
    bus,
    log,
    clock: systemClock,
    registry,
    requestMetrics: createRequestMetrics(registry),
    verifier: createTestTokens().verifier,
    eventCaller: catalog.caller,
    graceMs: 0,
    ...(options.engines === undefined ? {} : { engines: options.engines(postgres) }),
  });
  return {
    service,
    database,
    catalog,
    bus,
    registry,
    logs,
    operations: await readOperations(service.app),
    close: async () => {
      await service.stop();
      if (options.beside === undefined) await database.drop();
    },
  };
}

/** Changes the catalog, unless it knows something newer, and delivers its message. */
export function tellDocument(
  under: SearchUnderTest,
  eventId: string,
  version: number,
  document: CatalogDocument | null,
): Promise<void> {
  const { events } = under.catalog;
  const known = events.get(eventId);
  if (known === undefined || known.version < version) {
    if (document === null) events.delete(eventId);
    else events.set(eventId, { version, document, stock: null });
  }
  return deliver(under, 'event', eventId, 'event.document_changed', { event_id: eventId, version, document });
}

/** Booking's message after a change of stock. */
export function tellStock(
  under: SearchUnderTest,
  eventId: string,
  version: number,
  available: number,
): Promise<void> {
  return deliver(under, 'booking', eventId, 'booking.stock_changed', {
    event_id: eventId,
    version,
    writer: 'a test',
    cause: 'reserve',
    reservations: 1,
    quantity: 1,
    tiers: [{ tier_id: randomUUID(), available, held: 0, sold: 0, blocked: 0 }],
  });
}

export function tellSold(
  under: SearchUnderTest,
  eventId: string,
  tickets: number,
  at = new Date(),
): Promise<void> {
  const booking = { booking_id: randomUUID(), user_id: randomUUID(), amount_minor: 1, currency: 'INR' };
  const payload = { event_id: eventId, status: 'confirmed', bookings: [{ ...booking, quantity: tickets }] };
  return deliver(under, 'booking', eventId, 'booking.bookings_changed', payload, at);
}

async function deliver(
  { bus }: SearchUnderTest,
  topic: string,
  key: string,
  type: string,
  payload: unknown,
  createdAt = new Date(),
): Promise<void> {
  await bus.publish({ id: randomUUID(), topic, key, type, payload, createdAt, attempt: 1 });
}

export type Sent = { status: number; headers: Headers; body: Record<string, unknown> };

export async function send(
  { service, operations }: SearchUnderTest,
  method: string,
  path: string,
  options: { body?: unknown; key?: string } = {},
): Promise<Sent> {
  const sent = options.body === undefined ? undefined : JSON.stringify(options.body);
  const response = await service.app.request(path, {
    method,
    headers: {
      ...(options.key === undefined ? {} : { 'x-api-key': options.key }),
      ...(sent === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(sent)) }),
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const undocumented = answerFault(operations, method, path.replace(/\?.*/, ''), response.status);
  if (undocumented !== null) throw new Error(undocumented);
  const body = z.record(z.string(), z.unknown()).parse(await response.json());
  return { status: response.status, headers: response.headers, body };
}

const found = z.looseObject({
  total: z.int(),
  results: z.array(
    z.looseObject({ event_id: z.string(), name: z.string(), available_seats: z.int(), status: z.string() }),
  ),
});

export async function search(under: SearchUnderTest, query: string): Promise<z.output<typeof found>> {
  const { status, body } = await send(under, 'GET', `/api/v1/search?${query}`);
  if (status !== 200) throw new Error(`searching ${query} answered ${status}: ${JSON.stringify(body)}`);
  return found.parse(body);
}

const checked = z.object({
  engine: z.string(),
  known: z.int(),
  indexed: z.int().nullable(),
  waiting: z.int(),
  lag_seconds: z.number(),
  catalog: z.enum(['compared', 'away']),
  differing: z.int(),
  differences: z.array(z.object({ event_id: z.string(), version: z.int(), reason: z.string() })),
});
export async function check(under: SearchUnderTest): Promise<z.output<typeof checked>> {
  return checked.parse((await send(under, 'GET', '/internal/search/check', { key: apiKey })).body);
}

/** Until nothing waits for the index. */
export async function settled(under: SearchUnderTest): Promise<void> {
  await vi.waitFor(async () => expect((await check(under)).waiting).toBe(0), {
    timeout: 10_000,
    interval: 20,
  });
}
