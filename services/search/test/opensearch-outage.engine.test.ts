import { randomUUID } from 'node:crypto';
import type { OpenSearchProcess } from '@evently/testkit/engines/opensearch-process';
import { monotonicMs } from '@evently/kit/clock';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { askHostile, expectAnsweredOrRefused } from './hostile-inputs.ts';
import { createOnOpenSearch } from './opensearch-service.ts';
import { createOpenSearchForTests } from './opensearch-under-test.ts';
import { makeCatalogDocument } from './pretend-catalog.ts';
import {
  apiKey,
  check,
  createSearchUnderTest,
  search,
  send,
  tellDocument,
  tellStock,
  type SearchUnderTest,
} from './search-service.ts';

const openSearch = createOpenSearchForTests();
/** The engine catches up by itself once it is back; a busy machine takes its time. */
const catchUp = { timeout: 90_000, interval: 100 };
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });
/** What a message may take while the engine is away: nobody who publishes or sells waits for it. */
const unnoticedMs = 2_000;
const eventsMeanwhile = 40;

let engine: OpenSearchProcess;
const opened: SearchUnderTest[] = [];
beforeEach(async ({ skip }) => {
  engine = await openSearch.start(skip);
});
afterEach(() => Promise.all(opened.splice(0).map((under) => under.close())));
afterAll(() => openSearch.stop());

async function open(env: Readonly<Record<string, string>> = {}): Promise<SearchUnderTest> {
  const under = await createOnOpenSearch(engine.url, env);
  opened.push(under);
  await under.service.start();
  return under;
}

/** New events, changed ones and sales, one message after the other; answers how long the slowest took. */
async function publishAndSell(
  under: SearchUnderTest,
  word: string,
): Promise<{ slowestMs: number; ids: string[] }> {
  const ids = Array.from({ length: eventsMeanwhile }, () => randomUUID());
  let slowestMs = 0;
  for (const [index, id] of ids.entries())
    for (const message of [
      () => tellDocument(under, id, 1, makeCatalogDocument({ name: `${word} ${index}` })),
      () => tellStock(under, id, 1, 50),
      () => tellStock(under, id, 2, index),
    ]) {
      const startedMs = monotonicMs();
      await message();
      slowestMs = Math.max(slowestMs, monotonicMs() - startedMs);
    }
  return { slowestMs, ids };
}

async function expectNothingDiffers(under: SearchUnderTest): Promise<void> {
  await vi.waitFor(
    async () => expect(await check(under)).toMatchObject({ waiting: 0, differing: 0 }),
    catchUp,
  );
}

test('hostile inputs are answered or refused, never an error, and everything works afterwards', async () => {
  const under = await open();
  await tellDocument(under, randomUUID(), 1, makeCatalogDocument({ name: 'Jazz Night' }));
  await vi.waitFor(async () => expect((await search(under, 'q=jazz')).total).toBe(1), catchUp);
  expectAnsweredOrRefused(await askHostile(under));
  expect((await search(under, 'q=jazz')).total).toBe(1);
});

test.each([
  ['killed', () => engine.kill(), () => engine.start()],
  ['frozen', async () => engine.freeze(), async () => engine.thaw()],
] as const)(
  'an engine that is %s holds up no message; searches are told to come back, and it catches up',
  async (_, goAway, comeBack) => {
    const under = await open({ SEARCH_QUERY_MS: '500' });
    const before = await publishAndSell(under, 'Before');
    await expectNothingDiffers(under);
    await goAway();
    try {
      const { slowestMs } = await publishAndSell(under, 'Meanwhile');
      expect(slowestMs).toBeLessThan(unnoticedMs);
      await tellDocument(under, before.ids[0] ?? '', 2, null);
      const refused = await send(under, 'GET', '/api/v1/search?q=before');
      expect(refused.status).toBe(503);
      expect(refused.body).toMatchObject({ code: 'search_unavailable' });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await send(under, 'GET', '/health/ready')).body).toMatchObject({ engine: 'away' });
    } finally {
      await comeBack();
    }
    await expectNothingDiffers(under);
    await vi.waitFor(async () => {
      expect((await search(under, 'q=meanwhile')).total).toBe(eventsMeanwhile);
      expect((await search(under, 'q=before')).total).toBe(eventsMeanwhile - 1);
    }, catchUp);
    const { results } = await search(under, 'q=meanwhile&limit=100');
    for (const { name, available_seats: available } of results) expect(name).toBe(`Meanwhile ${available}`);
  },
);

test('with the fallback, the database answers while the engine is away, and the engine again afterwards', async () => {
  const under = await open({ SEARCH_QUERY_MS: '500', SEARCH_FALLBACK: 'postgres' });
  await publishAndSell(under, 'Fallback');
  await expectNothingDiffers(under);
  engine.freeze();
  try {
    await vi.waitFor(
      async () => expect((await search(under, 'q=fallback')).total).toBe(eventsMeanwhile),
      catchUp,
    );
    const id = randomUUID();
    await tellDocument(under, id, 1, makeCatalogDocument({ name: 'Announced while it was away' }));
    await vi.waitFor(async () => expect((await search(under, 'q=announced')).total).toBe(1), catchUp);
  } finally {
    engine.thaw();
  }
  await expectNothingDiffers(under);
  await vi.waitFor(async () => expect((await search(under, 'q=announced')).total).toBe(1), catchUp);
});

test('an engine that lost all its data is filled again from the catalog, without being asked', async () => {
  const under = await open({ SEARCH_COMPARE_SECONDS: '1' });
  await publishAndSell(under, 'Remembered');
  await expectNothingDiffers(under);
  await engine.kill();
  await engine.loseData();
  // Nobody can tell what is to be in it: it stays away, and nothing says that there are no events.
  under.catalog.state.away = true;
  await engine.start();
  await expectWaiting(under);
  under.catalog.state.away = false;
  await expectNothingDiffers(under);
  await vi.waitFor(
    async () => expect((await search(under, 'q=remembered')).total).toBe(eventsMeanwhile),
    catchUp,
  );
  expect(under.logs.join('')).toContain('the index is lost; it is built anew');
});

async function ask(method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${engine.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
  return answer.json();
}

const indicesLike = async (pattern: string): Promise<string[]> =>
  Object.keys(z.record(z.string(), z.unknown()).parse(await ask('GET', `/${pattern}/_alias`)));

test('a former index that nobody dropped, as its rebuild was killed, goes with the next rebuild', async () => {
  const alias = 'evently-events-left';
  const under = await open({ OPENSEARCH_ALIAS: alias });
  const [left, foreign] = [`${alias}-0123456789ab`, `${alias}-berlin-0123456789ab`];
  for (const index of [left, foreign]) await ask('PUT', `/${index}`, { aliases: { [`${index}.write`]: {} } });
  expect((await send(under, 'POST', '/internal/search/resync', { key: apiKey })).status).toBe(200);
  const there = await indicesLike(`${alias}-*`);
  expect(there).not.toContain(left);
  // Another platform's, whose alias goes on where this one ends.
  expect(there).toContain(foreign);
  expect(there).toHaveLength(2);
});

test('an index that somebody made of the name of the alias is taken for a lost one, and replaced', async () => {
  const alias = 'evently-events-taken';
  const under = await open({ SEARCH_COMPARE_SECONDS: '1', OPENSEARCH_ALIAS: alias });
  await publishAndSell(under, 'Replaced');
  await expectNothingDiffers(under);
  under.catalog.state.away = true;
  for (const index of await indicesLike(alias)) await ask('DELETE', `/${index}`);
  await ask('PUT', `/${alias}`);
  await expectWaiting(under, searches);
  under.catalog.state.away = false;
  await expectNothingDiffers(under);
  await vi.waitFor(
    async () => expect((await search(under, 'q=replaced')).total).toBe(eventsMeanwhile),
    catchUp,
  );
});

test('where events are known and OpenSearch is new, it is away until it has them all', async () => {
  const before = await createSearchUnderTest();
  try {
    await before.service.start();
    await publishAndSell(before, 'Moved');
    await expectNothingDiffers(before);
    before.catalog.state.away = true;
    const under = await createOnOpenSearch(engine.url, { SEARCH_COMPARE_SECONDS: '1' }, before);
    opened.push(under);
    await under.service.start();
    await expectWaiting(under);
    before.catalog.state.away = false;
    await vi.waitFor(
      async () => expect((await send(under, 'GET', '/api/v1/search?q=moved')).status).toBe(200),
      catchUp,
    );
    expect((await search(under, 'q=moved')).total).toBe(eventsMeanwhile);
    await opened.pop()?.close();
  } finally {
    await before.close();
  }
});

const searches = ['/api/v1/search?q=remembered', '/api/v1/search'];

/** The comparison has found that there is no index, and cannot build one. */
async function expectWaiting(
  under: SearchUnderTest,
  paths = [...searches, '/api/v1/search/suggestions?q=mov'],
): Promise<void> {
  await vi.waitFor(
    () => expect(under.logs.join('')).toMatch(/the index is lost[^]*the comparison of the index waits/),
    catchUp,
  );
  for (const path of paths)
    expect(await send(under, 'GET', path)).toMatchObject({
      status: 503,
      body: { code: 'search_unavailable' },
    });
}
