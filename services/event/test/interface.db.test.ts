import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmAnswer } from '@evently/contracts/warm-up';
import { documentFaults } from '@evently/testkit/open-api';
import {
  apiKey,
  createEventServiceUnderTest,
  problem,
  publishEvent,
  makeEvent,
  send,
  type EventServiceUnderTest,
} from './event-service.ts';

let under: EventServiceUnderTest;
beforeAll(async () => {
  under = await createEventServiceUnderTest();
});
afterAll(() => under.close());

const someId = '0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b';
const at = (path: string): string => path.replaceAll(/\{\w+\}/g, someId);
const isInternal = (path: string): boolean => path.startsWith('/internal/');

test('every route is in the document with all it may answer', async () => {
  expect(await documentFaults(under.service.app)).toEqual([]);
});

test('every administrator route refuses nobody, a buyer and an administrator without the permission', async () => {
  const guarded = under.operations.filter(({ path, security }) => security.length > 0 && !isInternal(path));
  expect(guarded.length).toBeGreaterThanOrEqual(14);
  const buyer = await under.tokens.user();
  const powerless = await under.tokens.admin(['nothing:write']);
  for (const { method, path } of guarded) {
    const body = method === 'GET' || method === 'DELETE' ? undefined : {};
    expect(await send(under, method, at(path), body)).toMatchObject(problem(401, 'unauthorized'));
    expect(await send(under, method, at(path), body, { token: 'x.y.z' })).toMatchObject({ status: 401 });
    for (const token of [buyer, powerless])
      expect(await send(under, method, at(path), body, { token })).toMatchObject(problem(403, 'forbidden'));
  }
});

test('every internal route refuses a missing key, a wrong key and an administrator', async () => {
  const internal = under.operations.filter(({ path }) => isInternal(path));
  expect(internal.length).toBeGreaterThanOrEqual(6);
  for (const { method, path } of internal) {
    const body = method === 'GET' ? undefined : {};
    for (const options of [
      {},
      { key: 'a-wrong-key-of-the-tests' },
      { key: `${apiKey}x` },
      { token: under.admin },
    ])
      expect(await send(under, method, at(path), body, options)).toMatchObject(problem(401, 'unauthorized'));
  }
});

test('both keys of a rotation are accepted', async () => {
  for (const key of [apiKey, 'the-next-key-of-the-tests'])
    expect(await send(under, 'GET', '/internal/dead-letters', undefined, { key })).toMatchObject({
      status: 200,
      body: { total: 0 },
    });
});

test('what does not exist is a 404 on every route that names it', async () => {
  for (const [method, path, body] of [
    ['GET', '/api/v1/events/{id}'],
    ['GET', '/api/v1/events/{id}/availability'],
    ['GET', '/api/v1/events/{id}/availability/stream'],
    ['GET', '/api/v1/admin/events/{id}'],
    ['PUT', '/api/v1/admin/events/{id}', { version: 1 }],
    ['DELETE', '/api/v1/admin/events/{id}'],
    ['POST', '/api/v1/admin/events/{id}/publish'],
    ['POST', '/api/v1/admin/events/{id}/cancel'],
    ['GET', '/api/v1/admin/events/{id}/analytics'],
    ['GET', '/api/v1/admin/venues/{id}'],
    ['PUT', '/api/v1/admin/venues/{id}', {}],
    ['DELETE', '/api/v1/admin/venues/{id}'],
  ] as const) {
    const answer = await send(under, method, at(path), body, { token: under.admin });
    expect(answer).toMatchObject(problem(404, 'not_found'));
  }
  for (const [method, path, body] of [
    ['GET', '/internal/events/{id}', undefined],
    ['POST', '/internal/events/{id}/update-availability', { quantity: 1, version: 1 }],
    ['POST', '/internal/events/{id}/return-seats', { quantity: 1, version: 1 }],
  ] as const)
    expect(await send(under, method, at(path), body, { key: apiKey })).toMatchObject(
      problem(404, 'not_found'),
    );
});

test('an id that is none, a page out of bounds and text with a NUL are refused, never a 500', async () => {
  const { admin: token } = under;
  for (const path of [
    '/api/v1/events/1',
    "/api/v1/events/'or'1'='1",
    '/api/v1/admin/events/none',
    '/api/v1/admin/venues/none',
    '/api/v1/events?limit=101',
    '/api/v1/events?limit=0',
    '/api/v1/events?page=0',
    '/api/v1/events?page=-1',
    '/api/v1/events?page=99999999999',
    '/api/v1/events?city=%00',
    '/api/v1/events?type=seance',
    '/api/v1/events?date_from=yesterday',
    '/api/v1/events?date_to=2026-02-30',
    '/api/v1/events?date_from=0000-01-01',
    '/api/v1/admin/events?status=gone',
    '/api/v1/admin/events?search=%00',
    '/api/v1/admin/venues?search=%00',
    '/api/v1/admin/venues?state=%EF%BF%BF%00',
  ])
    expect(await send(under, 'GET', path, undefined, { token }), path).toMatchObject(
      problem(400, 'invalid_request'),
    );
});

test('text that means something to SQL finds nothing and breaks nothing', async () => {
  const { admin: token } = under;
  for (const text of ["'", '%', '_', '\\', "'; drop table events; --", '𝕏'.repeat(50)]) {
    const searched = encodeURIComponent(text);
    for (const path of ['/api/v1/admin/venues', '/api/v1/admin/events'])
      expect(await send(under, 'GET', `${path}?search=${searched}`, undefined, { token })).toMatchObject({
        status: 200,
        body: { total: 0 },
      });
  }
});

test('a public read is limited per address', async () => {
  const limited = await createEventServiceUnderTest({ EVENTLY_READS_PER_MINUTE: '2' });
  try {
    const look = () => send(limited, 'GET', '/api/v1/events');
    expect((await look()).headers.get('ratelimit-policy')).toContain('reads');
    await look();
    expect(await look()).toMatchObject(problem(429, 'rate_limited'));
  } finally {
    await limited.close();
  }
});

test('warming up says what is warm, and why the rest is not', async () => {
  const lost = await createEventServiceUnderTest();
  const { event_id: id } = await makeEvent(lost);
  const prewarm = async (event_id: unknown) => {
    const { status, text } = await send(lost, 'POST', '/internal/prewarm', { event_id }, { key: apiKey });
    expect(status).toBe(200);
    return warmAnswer
      .parse(JSON.parse(text))
      .warm.map(({ task, result, items, error = '' }) => `${task} ${result} ${items} ${error}`.trim());
  };
  const unpublished = 'event failed 0 there is no such event, or it is not published';
  expect((await prewarm(id))[1]).toBe(unpublished);
  expect((await prewarm(someId))[1]).toBe(unpublished);
  await publishEvent(lost, id);
  expect(await prewarm(id)).toEqual(['connections warm 6', 'event warm 1']);
  await lost.database.drop();
  // An id that nobody asked for yet: what is not there is remembered for a moment too.
  expect(await prewarm(someId.replace(/^0193/, '0194'))).toEqual([
    'connections failed 0 the database is not available',
    'event failed 0 the database is not available',
  ]);
  // The log has the reason in full.
  expect(lost.logs.filter((line) => line.includes('a part could not be warmed')).length).toBe(4);
  await lost.service.stop();
});

test('without a database every route answers 503 at once, and health says so', async () => {
  const lost = await createEventServiceUnderTest();
  const { event_id: id } = await makeEvent(lost);
  await publishEvent(lost, id);
  await lost.database.drop();
  for (const path of [
    '/api/v1/events',
    '/api/v1/events/0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b',
    '/api/v1/admin/venues',
  ]) {
    const answer = await send(lost, 'GET', path, undefined, { token: lost.admin });
    expect(answer).toMatchObject(problem(503, 'database_unavailable'));
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect((await lost.service.app.request('/health/ready')).status).toBe(503);
  expect((await lost.service.app.request('/healthz')).status).toBe(200);
  await lost.service.stop();
});
