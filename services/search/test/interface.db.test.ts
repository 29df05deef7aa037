import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmAnswer } from '@evently/contracts/warm-up';
import { documentFaults } from '@evently/testkit/open-api';
import { makeCatalogDocument } from './pretend-catalog.ts';
import {
  apiKey,
  check,
  createSearchUnderTest,
  search,
  send,
  settled,
  tellDocument,
  tellSold,
  tellStock,
  type SearchUnderTest,
} from './search-service.ts';

let under: SearchUnderTest;
const ragas = randomUUID();
const jazz = randomUUID();
const over = randomUUID();

beforeAll(async () => {
  under = await createSearchUnderTest();
  await under.service.start();
  await tellDocument(under, ragas, 1, makeCatalogDocument());
  await tellDocument(
    under,
    jazz,
    2,
    makeCatalogDocument({
      name: 'Jazz <b>& Friends</b>',
      venue_city: 'Pune',
      event_type: 'festival',
      price_minor: 100_000,
      latitude: null,
      longitude: null,
    }),
  );
  const past = { starts_at: '2020-01-01T18:00:00.000Z', ends_at: '2020-01-01T20:00:00.000Z' };
  await tellDocument(under, over, 3, makeCatalogDocument({ ...past, status: 'completed' }));
  await tellStock(under, ragas, 4, 0);
  await settled(under);
});
afterAll(() => under.close());

test('every route is in the document with all it may answer', async () => {
  expect(await documentFaults(under.service.app)).toEqual([]);
});

test('a search has the fields of the interface', async () => {
  const { body } = await send(under, 'GET', '/api/v1/search?q=ragas&city=bengaluru&near=13.1,77.5');
  expect(Object.keys(body)).toEqual(['results', 'total', 'page', 'limit', 'query_time', 'facets']);
  expect(body).toMatchObject({
    total: 2,
    page: 1,
    limit: 20,
    facets: {
      cities: [{ value: 'Bengaluru', count: 2 }],
      event_types: [{ value: 'concert', count: 2 }],
      price_range: { min: 499.5, max: 499.5 },
    },
  });
  const [first, second] = (await search(under, 'q=ragas')).results;
  expect(first).toMatchObject({
    event_id: ragas,
    name: 'An Evening of Ragas',
    venue_name: 'Chowdiah Memorial Hall',
    venue_city: 'Bengaluru',
    venue_address: 'Gayathri Devi Park Extension',
    event_type: 'concert',
    base_price: 499.5,
    currency: 'INR',
    available_seats: 0,
    status: 'sold_out',
    distance_km: null,
    highlights: { name: 'An Evening of <em>Ragas</em>' },
  });
  expect(second).toMatchObject({ event_id: over, status: 'completed', available_seats: 100 });
  const near = await search(under, 'q=ragas&near=13.1,77.57&sort=distance');
  expect(near.results[0]).toMatchObject({ distance_km: 11.12 });
});

test('marks are the only markup of highlights', async () => {
  const { results } = await search(under, 'q=jazz');
  expect(results[0]).toMatchObject({
    highlights: { name: '<em>Jazz</em> &lt;b&gt;&amp; Friends&lt;/b&gt;' },
  });
});

test('suggestions, filters and trending have the fields of the interface', async () => {
  expect((await send(under, 'GET', '/api/v1/search/suggestions?q=ja')).body).toEqual({
    suggestions: ['Jazz <b>& Friends</b>'],
  });
  expect((await send(under, 'GET', '/api/v1/search/suggestions?q=')).body).toEqual({ suggestions: [] });
  expect((await send(under, 'GET', '/api/v1/search/filters')).body).toEqual({
    cities: ['Bengaluru', 'Pune'],
    event_types: ['concert', 'festival'],
    price_range: { min: 499.5, max: 1_000 },
  });
  const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
  await tellSold(under, ragas, 9, hoursAgo(13));
  await tellSold(under, jazz, 3, hoursAgo(1));
  await tellSold(under, jazz, 2, hoursAgo(1));
  await tellSold(under, over, 50, hoursAgo(1));
  await tellSold(under, randomUUID(), 50);
  const { body } = await send(under, 'GET', '/api/v1/search/trending');
  expect(body).toMatchObject({ events: [{ event_id: jazz }, { event_id: ragas, status: 'sold_out' }] });
  const { body: one } = await send(under, 'GET', '/api/v1/search/trending?limit=1');
  expect(one['events']).toHaveLength(1);
});

test('deep paging is refused with a hint, and so is what means nothing', async () => {
  const deep = await send(under, 'GET', '/api/v1/search?page=51&limit=20');
  expect(deep).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  expect(deep.body['detail']).toContain('say more instead: a city, a type, dates');
  expect((await send(under, 'GET', '/api/v1/search?page=50&limit=20')).status).toBe(200);
  for (const query of [
    'page=0',
    'limit=101',
    'limit=x',
    'sort=distance',
    'sort=best',
    'near=1',
    'near=91,0',
    'near=1,2,3',
    'date_from=yesterday',
    'date_from=2026-12-02&date_to=2026-12-01',
    'date_from=2026-12-02T10:00:00Z&date_to=2026-12-02T10:00:00Z',
    'date_to=2026-02-30',
    'min_price=-1',
    'min_price=9&max_price=1',
    'min_price=NaN',
    `q=${'x'.repeat(201)}`,
  ])
    expect(await send(under, 'GET', `/api/v1/search?${query}`), query).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
  expect(await send(under, 'GET', '/api/v1/search?q=a&q=b&near=1,2&near=3,4')).toMatchObject({
    status: 400,
    body: {
      errors: [
        { field: 'q', message: 'must be given once' },
        { field: 'near', message: 'must be given once' },
      ],
    },
  });
});

test('a day means its whole length', async () => {
  const day = (await search(under, `q=jazz`)).results[0]?.['start_datetime'];
  const date = String(day).slice(0, 10);
  expect((await search(under, `q=jazz&date_from=${date}&date_to=${date}`)).total).toBe(1);
  expect((await search(under, `q=jazz&date_to=${date}T00:00:00Z`)).total).toBe(0);
});

const hostile = [
  '*:*',
  'name:* AND (x OR',
  '/.*/',
  '"unclosed',
  'a~99',
  '{"query":{"match_all":{}}}',
  '{"script":{"source":"while(true){}","lang":"painless"}}',
  '<script>alert(1)</script>',
  "'; drop table index_documents; --",
  "' or '1'='1",
  '$1',
  '%',
  '%_%',
  '\\',
  '\u0000',
  '\u200b\u200c\u200d\ufeff',
  'ra\u200bgas',
  '&|!()<->:*',
  "'':*",
  '🎷🎷🎷',
  'ﬁ ½ ㎒ Ⅻ',
  '́́́́',
  '\u202e sagar',
  'ก็็็็็็็็',
  'a '.repeat(100),
  'ab '.repeat(60),
  'x'.repeat(10_240),
  'दी'.repeat(90),
  '\ud800',
  'null',
  'undefined',
  '-1e309',
  '../../etc/passwd',
];

test.each(hostile.map((text, index) => [index, text] as const))(
  'hostile text %i is answered with 200 or 400',
  async (_, text) => {
    const value = encodeURIComponent(text.toWellFormed());
    for (const name of ['q', 'city', 'type', 'date_from', 'min_price', 'near', 'sort', 'page'])
      for (const path of ['/api/v1/search', '/api/v1/search/suggestions', '/api/v1/search/trending']) {
        const { status } = await send(under, 'GET', `${path}?${name}=${value}`);
        expect([200, 400], `${path}?${name}`).toContain(status);
      }
  },
);

test('raw bytes that are no text are answered with 200 or 400', async () => {
  for (const raw of ['%', '%ff', '%00', '%ed%a0%80', 'a%20b%', '%u0041'])
    for (const path of ['/api/v1/search', '/api/v1/search/suggestions'])
      expect([200, 400], raw).toContain((await send(under, 'GET', `${path}?q=${raw}`)).status);
});

test('internal routes refuse a missing and a wrong key', async () => {
  for (const { method, path } of under.operations.filter((each) => each.path.startsWith('/internal/')))
    for (const key of [undefined, 'a-wrong-key-of-the-tests']) {
      const url = path.replaceAll(/\{\w+\}/g, ragas);
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
      const answer = await send(under, method, url, { ...body, ...(key === undefined ? {} : { key }) });
      expect(answer, path).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    }
});

test('one event is indexed and dropped by hand, and an older version changes nothing', async () => {
  const eventId = randomUUID();
  const post = (version: number, name: string) =>
    send(under, 'POST', '/internal/search/events', {
      key: apiKey,
      body: { event_id: eventId, version, document: makeCatalogDocument({ name }) },
    });
  expect((await post(5, 'Harmonium Workshop')).body).toEqual({ event_id: eventId, indexed: true });
  expect((await post(4, 'Older')).body).toEqual({ event_id: eventId, indexed: false });
  await settled(under);
  expect((await search(under, 'q=harmonium')).total).toBe(1);
  const drop = () => send(under, 'DELETE', `/internal/search/events/${eventId}`, { key: apiKey });
  expect((await drop()).body).toEqual({ event_id: eventId, dropped: true });
  await settled(under);
  expect((await search(under, 'q=harmonium')).total).toBe(0);
  expect((await drop()).body).toEqual({ event_id: eventId, dropped: false });
});

test('a sale is warmed: its questions are answered before they are asked', async () => {
  const answer = await send(under, 'POST', '/internal/prewarm', { key: apiKey, body: { event_id: ragas } });
  const { warm } = warmAnswer.parse(answer.body);
  expect(warm.map(({ task, result }) => [task, result])).toEqual([
    ['connections', 'warm'],
    ['queries', 'warm'],
    ['suggestions', 'warm'],
    ['trending', 'warm'],
  ]);
  const unknown = await send(under, 'POST', '/internal/prewarm', {
    key: apiKey,
    body: { event_id: randomUUID() },
  });
  expect(warmAnswer.parse(unknown.body).warm[1]).toMatchObject({ task: 'queries', result: 'failed' });
});

test('the check counts and finds nothing wrong, and metrics tell the same', async () => {
  expect(await check(under)).toMatchObject({ engine: 'postgres', known: 3, indexed: 3, differing: 0 });
  const text = await under.registry.metrics();
  expect(text).toContain('evently_search_index_documents_items 3');
  expect(text).toContain('evently_search_engine_up_info{engine="postgres"} 1');
  expect(text).toMatch(/evently_search_query_duration_seconds_count\{.*kind="search".*\} \d+/);
});
