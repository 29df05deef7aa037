import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureActive } from '../src/store/generations.ts';
import { makeCatalogDocument } from './pretend-catalog.ts';
import { createSearchUnderTest, send, tellDocument, type SearchUnderTest } from './search-service.ts';

const asked = ['/api/v1/search?q=jazz', '/api/v1/search', '/api/v1/search/suggestions?q=ja'];
const away = { status: 503, body: { code: 'search_unavailable' } };
const patient = { timeout: 30_000 };
const events = 5;

let first: SearchUnderTest;
const opened: SearchUnderTest[] = [];
beforeEach(async () => {
  first = await createSearchUnderTest();
});
afterEach(async () => {
  for (const under of opened.splice(0)) await under.close();
  await first.close();
});

async function startBeside(compareSeconds = '1'): Promise<SearchUnderTest> {
  const env = { SEARCH_COMPARE_SECONDS: compareSeconds };
  const under = await createSearchUnderTest({ beside: first, env });
  opened.push(under);
  await under.service.start();
  return under;
}

test('an empty platform is answered that there is nothing, from the first moment', async () => {
  first.catalog.state.away = true;
  const under = await startBeside();
  for (const path of asked) expect((await send(under, 'GET', path)).status).toBe(200);
  expect((await send(under, 'GET', '/health/ready')).body).toMatchObject({ engine: 'ok' });
});

test('where events are known and no index is built, nothing says that there are none', async () => {
  for (let number = 1; number <= events; number += 1)
    await tellDocument(first, randomUUID(), 1, makeCatalogDocument({ name: `Jazz ${number}` }));
  await first.database.db.query('delete from index_generations');
  first.catalog.state.away = true;
  const under = await startBeside();
  const found = async (): Promise<unknown> => (await send(under, 'GET', '/api/v1/search?q=jazz')).body;
  await expect
    .poll(() => under.logs.join(''), patient)
    .toMatch(/the index is lost[^]*the comparison of the index waits/);
  for (const path of asked) expect(await send(under, 'GET', path)).toMatchObject(away);
  expect((await send(under, 'GET', '/health/ready')).body).toMatchObject({ engine: 'away' });

  // An empty index, had somebody made one, would say just that.
  await ensureActive(first.database.db);
  await expect.poll(found, patient).toMatchObject({ total: 0 });

  first.catalog.state.away = false;
  await expect.poll(found, patient).toMatchObject({ total: events });
  expect((await send(under, 'GET', '/health/ready')).body).toMatchObject({ engine: 'ok' });
});

test('a lost index that could not be built is not left for a whole round', async () => {
  for (let number = 1; number <= events; number += 1)
    await tellDocument(first, randomUUID(), 1, makeCatalogDocument({ name: `Jazz ${number}` }));
  await first.database.db.query('delete from index_generations');
  first.catalog.state.away = true;
  const under = await startBeside('3600');
  await expect.poll(() => under.logs.join(''), patient).toContain('the comparison of the index waits');
  first.catalog.state.away = false;
  await expect
    .poll(async () => (await send(under, 'GET', '/api/v1/search?q=jazz')).body, patient)
    .toMatchObject({ total: events });
}, 60_000);
