import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger } from '@evently/kit/log';
import { systemClock } from '@evently/kit/clock';
import { checksumOf } from '@evently/contracts/search';
import { rebuildIndex } from '../src/actions/rebuild-index.ts';
import { createPostgresEngine } from '../src/engine/postgres.ts';
import { EngineAway, type SearchEngine } from '../src/engine/port.ts';
import { compareAll } from '../src/jobs/indexing.ts';
import { indexChanges } from '../src/actions/index-changes.ts';
import { CatalogAway } from '../src/actions/read-catalog.ts';
import type { RepairReason } from '../src/metrics.ts';
import { makeCatalogDocument } from './pretend-catalog.ts';
import {
  apiKey,
  check,
  createSearchUnderTest,
  search,
  send,
  settled,
  tellDocument,
  tellStock,
  type SearchUnderTest,
} from './search-service.ts';

let under: SearchUnderTest;
let engine: SearchEngine;
let repairs: Partial<Record<RepairReason, number>>;

beforeEach(async () => {
  under = await createSearchUnderTest();
  engine = createPostgresEngine({ db: under.database.db });
  await engine.prepare();
  repairs = {};
});
afterEach(() => under.close());

const log = createLogger('test', 'silent');
const deps = () => ({
  db: under.database.db,
  events: under.catalog.caller,
  engines: ['postgres'],
  indexed: [engine],
  clock: systemClock,
  log,
  graceMs: 0,
  metrics: {
    repaired: (reason: RepairReason, events: number) => {
      if (events > 0) repairs[reason] = (repairs[reason] ?? 0) + events;
    },
  },
});
const index = () => indexChanges({ db: under.database.db, engine });

async function makeEvents(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  for (const [place, id] of ids.entries()) {
    await tellDocument(under, id, 10 + place, makeCatalogDocument({ name: `Concert ${place}` }));
    await tellStock(under, id, 1, 50);
  }
  await index();
  return ids;
}

test('what is right is left alone', async () => {
  await makeEvents(5);
  await compareAll(deps());
  expect(repairs).toEqual({});
  expect(await check(under)).toMatchObject({ known: 5, indexed: 5, waiting: 0, differing: 0 });
});

test('what messages lost is found in the catalog: missing, changed and gone events, and stock', async () => {
  under.catalog.state.pageSize = 2;
  const [changed = '', gone = '', stocked = ''] = await makeEvents(7);
  const missing = randomUUID();
  const { events } = under.catalog;
  events.set(missing, { version: 99, document: makeCatalogDocument({ name: 'Missed' }), stock: null });
  events.set(changed, { version: 98, document: makeCatalogDocument({ name: 'Renamed' }), stock: null });
  events.delete(gone);
  const entry = events.get(stocked);
  if (entry !== undefined) entry.stock = { version: 5, available: 3 };
  const told = await check(under);
  expect(told).toMatchObject({ catalog: 'compared', differing: 4 });
  expect(new Map(told.differences.map(({ event_id: id, reason }) => [id, reason]))).toEqual(
    new Map([
      [missing, 'catalog_missing'],
      [changed, 'catalog_differs'],
      [gone, 'catalog_gone'],
      [stocked, 'stock_differs'],
    ]),
  );
  under.catalog.state.away = true;
  expect(await check(under)).toMatchObject({ catalog: 'away', differing: 0 });
  under.catalog.state.away = false;
  expect(repairs).toEqual({});
  await compareAll(deps());
  expect(repairs).toEqual({ catalog_missing: 1, catalog_differs: 1, catalog_gone: 1, stock_differs: 1 });
  await index();
  expect((await search(under, 'q=missed')).total).toBe(1);
  expect((await search(under, 'q=renamed')).results).toMatchObject([{ event_id: changed }]);
  const { results } = await search(under, 'limit=100');
  expect(results.map((each) => each.event_id)).not.toContain(gone);
  expect(results.find((each) => each.event_id === stocked)?.available_seats).toBe(3);
  expect(await check(under)).toMatchObject({ known: 7, indexed: 7, differing: 0 });
  repairs = {};
  await compareAll(deps());
  expect(repairs).toEqual({});
});

test('an event that changed without a new version is found by its checksum', async () => {
  const [moved = ''] = await makeEvents(2);
  const entry = under.catalog.events.get(moved);
  if (entry === undefined) throw new Error('the event is not in the catalog');
  entry.document = { ...entry.document, venue_city: 'Mysuru' };
  await compareAll(deps());
  await index();
  expect(repairs).toEqual({ catalog_differs: 1 });
  expect((await search(under, 'city=mysuru')).total).toBe(1);
});

test('a stock that was damaged is set right, here and in the index, and then left alone', async () => {
  const [event = ''] = await makeEvents(2);
  const entry = under.catalog.events.get(event);
  if (entry === undefined) throw new Error('the event is not in the catalog');
  entry.stock = { version: 1, available: 50 };
  await under.database.db.query(`update catalog_events set available = 7 where event_id = $1`, [event]);
  expect(await check(under)).toMatchObject({ differing: 1 });
  await compareAll(deps());
  await index();
  expect(repairs).toEqual({ stock_differs: 1 });
  await under.database.db.query(`update index_documents set available = 7 where event_id = $1`, [event]);
  expect(await check(under)).toMatchObject({ differing: 1 });
  await rebuildIndex({ ...deps() }, engine);
  expect(await check(under)).toMatchObject({ differing: 0 });
  repairs = {};
  await compareAll(deps());
  expect(repairs).toEqual({});
});

test('what the index has wrong is told again: damaged, lost and foreign documents', async () => {
  const [damaged = '', lost = '', stale = ''] = await makeEvents(6);
  const { db } = under.database;
  await db.query(`update index_documents set checksum = 1, words = 'zzz:1A' where event_id = $1`, [damaged]);
  await db.query('delete from index_documents where event_id = $1', [lost]);
  await db.query('update index_documents set stock_version = 0, available = 99 where event_id = $1', [stale]);
  const document = makeCatalogDocument({ name: 'Nobody knows it' });
  const foreign = randomUUID();
  await engine.apply([
    {
      kind: 'document',
      version: 4,
      document: {
        eventId: foreign,
        name: document.name,
        description: '',
        venueName: 'x',
        venueAddress: 'x',
        venueCity: 'x',
        venueState: null,
        venueCountry: 'x',
        place: null,
        eventType: 'concert',
        startsAt: new Date(document.starts_at),
        endsAt: new Date(document.ends_at),
        price: 1,
        currency: 'INR',
        capacity: 1,
        status: 'published',
        checksum: checksumOf(document),
      },
    },
  ]);
  expect((await check(under)).differing).toBe(4);
  await compareAll(deps());
  expect(repairs).toEqual({ index_missing: 1, index_differs: 2, index_extra: 1 });
  await index();
  expect(await check(under)).toMatchObject({ known: 6, indexed: 6, differing: 0 });
  expect((await search(under, 'q=nobody')).total).toBe(0);
  expect((await search(under, 'q=concert')).total).toBe(6);
});

test('a lost index is built anew from the event service, and so is all that was known', async () => {
  await makeEvents(12);
  const { db } = under.database;
  await db.query('truncate index_documents, index_contents, index_terms, index_suggestions');
  await compareAll(deps());
  expect(repairs).toEqual({ index_lost: 1 });
  expect((await search(under, 'q=concert')).total).toBe(12);
  await db.query(
    'truncate catalog_events, pending_changes, index_documents, index_contents, index_terms, index_suggestions',
  );
  await db.query('delete from index_generations');
  await compareAll(deps());
  await index();
  expect((await search(under, 'q=concert')).total).toBe(12);
});

test('a rebuild while events change and people search: nothing is empty, old or missing', async () => {
  await under.service.start();
  const ids = await makeEvents(40);
  // The service indexes as well, and may have had the turn.
  await settled(under);
  const seen = { least: Number.POSITIVE_INFINITY, searches: 0, stop: false };
  const searching = (async () => {
    while (!seen.stop) {
      seen.least = Math.min(seen.least, (await search(under, 'q=concert')).total);
      seen.searches += 1;
    }
  })();
  const changing = (async () => {
    for (const [place, id] of ids.entries()) {
      await tellStock(under, id, 2, 7);
      await tellDocument(under, id, 1_000 + place, makeCatalogDocument({ name: `Concert renamed ${place}` }));
    }
  })();
  for (let round = 0; round < 3; round += 1) {
    const rebuilt = await send(under, 'POST', '/internal/search/resync', { key: apiKey });
    expect(rebuilt).toMatchObject({ status: 200, body: { documents: 40 } });
  }
  await changing;
  await expect.poll(async () => (await check(under)).waiting, { timeout: 10_000 }).toBe(0);
  seen.stop = true;
  await searching;
  expect(seen.searches).toBeGreaterThan(0);
  expect(seen.least).toBe(40);
  const { total, results } = await search(under, 'q=renamed&limit=100');
  expect(total).toBe(40);
  expect(new Set(results.map((each) => each.available_seats))).toEqual(new Set([7]));
  expect(await check(under)).toMatchObject({ known: 40, indexed: 40, differing: 0 });
}, 60_000);

test('a rebuild while the event service is away leaves the index as it is', async () => {
  await makeEvents(3);
  under.catalog.state.away = true;
  await expect(rebuildIndex(deps(), engine)).rejects.toThrow(CatalogAway);
  expect(await send(under, 'POST', '/internal/search/resync', { key: apiKey })).toMatchObject({
    status: 503,
    body: { code: 'event_unavailable' },
  });
  expect((await search(under, 'q=concert')).total).toBe(3);
  await compareAll(deps());
});

test('a rebuild that fails half-way leaves the index as it is, and the next one succeeds', async () => {
  await makeEvents(3);
  const failing: SearchEngine = {
    ...engine,
    rebuild: async () => ({
      ...(await engine.rebuild()),
      publish: () => Promise.reject(new EngineAway('the test has taken it away')),
    }),
  };
  await expect(rebuildIndex(deps(), failing)).rejects.toThrow(EngineAway);
  expect((await search(under, 'q=concert')).total).toBe(3);
  expect(await rebuildIndex(deps(), engine)).toMatchObject({ ok: true, documents: 3 });
  expect((await search(under, 'q=concert')).total).toBe(3);
});

test('a rebuild whose new index answers has succeeded, whether or not the former one can be removed', async () => {
  await makeEvents(3);
  const untidy: SearchEngine = {
    ...engine,
    rebuild: async () => ({
      ...(await engine.rebuild()),
      tidy: () => Promise.reject(new EngineAway('the test has taken it away')),
    }),
  };
  expect(await rebuildIndex(deps(), untidy)).toMatchObject({ ok: true, documents: 3 });
  expect((await search(under, 'q=concert')).total).toBe(3);
});

test('one rebuild at a time', async () => {
  await makeEvents(3);
  const outcomes = await Promise.all([rebuildIndex(deps(), engine), rebuildIndex(deps(), engine)]);
  expect(outcomes.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(1);
  for (const outcome of outcomes)
    if (!outcome.ok) expect(outcome.refusal).toEqual({ kind: 'rebuild-running' });
  expect((await search(under, 'q=concert')).total).toBe(3);
});
