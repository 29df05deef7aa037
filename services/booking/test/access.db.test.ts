import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentFaults, routesOf } from '@evently/testkit/open-api';
import { createTestTokens } from '@evently/testkit/tokens';
import { actsOf, type Acts, type Buyer } from './buyers.ts';
import { apiKey, createFixture, specOf, type Fixture } from './fixture.ts';

let f: Fixture;
let acts: Acts;
let owner: Buyer;
let foreigner: Buyer;
let garbage: string[];
let admin = '';
beforeAll(async () => {
  f = await createFixture();
  acts = actsOf(f);
  [owner, foreigner] = await Promise.all([acts.buyer(), acts.buyer()]);
  // Not a token; not signed; signed by somebody else.
  const stranger = createTestTokens();
  garbage = ['x', 'eyJhbGciOiJub25lIn0.e30.', await stranger.user(), await stranger.admin()];
  admin = await f.tokens.admin();
});
afterAll(() => f.close());

test('every route is in the document, with every status that follows from what it needs', async () => {
  expect(await documentFaults(f.service.app)).toEqual([]);
});

/** What a caller of each kind gets; a list where several answers are right. */
type Row = { foreign: number; admin: number; key: number; nobody?: number; body?: unknown; query?: string };
type Sample = { eventId: string; bookingId: string };
const payment = { payment_token: 't', payment_method: 'card' };
const fence = '?epoch=1&uid=u&generation=1';
const serviceOnly = { foreign: 401, admin: 401 };

const rows: Readonly<Record<string, (sample: Sample) => Row>> = {
  'GET /api/v1/bookings/check-availability': ({ eventId }) => ({
    nobody: 200,
    foreign: 200,
    admin: 200,
    key: 200,
    query: `?event_id=${eventId}`,
  }),
  'POST /api/v1/bookings/reserve': ({ eventId }) => ({
    foreign: 200,
    admin: 200,
    key: 401,
    body: { event_id: eventId, quantity: 1, idempotency_key: 'k' },
  }),
  'POST /api/v1/bookings/confirm': ({ bookingId }) => ({
    foreign: 404,
    admin: 404,
    key: 401,
    body: { reservation_id: bookingId, ...payment },
  }),
  'GET /api/v1/bookings/{id}': () => ({ foreign: 404, admin: 200, key: 401 }),
  'GET /api/v1/bookings/{id}/stream': () => ({ foreign: 404, admin: 200, key: 401 }),
  'GET /api/v1/bookings/{id}/tickets': () => ({ foreign: 404, admin: 200, key: 401 }),
  'DELETE /api/v1/bookings/{id}': () => ({ foreign: 404, admin: 404, key: 401 }),
  'POST /api/v1/bookings/{id}/expire': () => ({ foreign: 404, admin: 404, key: 401 }),
  'GET /api/v1/bookings/user/{id}': () => ({ foreign: 404, admin: 200, key: 401 }),
  // Each acts for its caller only: there is nothing foreign to name.
  'POST /api/v1/waitlist/join': ({ eventId }) => ({
    foreign: 400,
    admin: 400,
    key: 401,
    body: { event_id: eventId, quantity: 1 },
  }),
  'GET /api/v1/waitlist/position': ({ eventId }) => ({
    foreign: 404,
    admin: 404,
    key: 401,
    query: `?event_id=${eventId}`,
  }),
  'DELETE /api/v1/waitlist/leave': ({ eventId }) => ({
    foreign: 404,
    admin: 404,
    key: 401,
    body: { event_id: eventId },
  }),
  'POST /api/v1/tickets/scan': () => ({
    foreign: 403,
    admin: 404,
    key: 401,
    body: { code: 'no such code, but long enough' },
  }),
  'PUT /internal/inventory/{eventId}': () => ({ ...serviceOnly, key: 200, body: specOf(9, 1) }),
  'GET /internal/inventory': ({ eventId }) => ({ ...serviceOnly, key: 200, query: `?event_ids=${eventId}` }),
  'GET /internal/inventory/{eventId}/report': () => ({ ...serviceOnly, key: 200 }),
  'POST /internal/inventory/{eventId}/block': () => ({
    ...serviceOnly,
    key: 409,
    body: { quantity: 1, version: 0 },
  }),
  'POST /internal/inventory/{eventId}/unblock': () => ({
    ...serviceOnly,
    key: 409,
    body: { quantity: 1, version: 0 },
  }),
  'GET /internal/bookings': () => ({ ...serviceOnly, key: 200, query: `?user_id=${owner.id}` }),
  'GET /internal/bookings/{id}': () => ({ ...serviceOnly, key: 200 }),
  'POST /internal/bookings/expire-reservations': () => ({ ...serviceOnly, key: 200 }),
  'POST /internal/bookings/force-expire-all': () => ({ ...serviceOnly, key: 200 }),
  'GET /internal/verify': () => ({ ...serviceOnly, key: 200 }),
  'PUT /internal/sales/{eventId}': () => ({
    ...serviceOnly,
    key: 200,
    body: {
      epoch: 1,
      uid: 'u',
      generation: 1,
      intent: 'Run',
      opens_at: '2026-01-01T00:00:00Z',
      closes_at: null,
    },
  }),
  'GET /internal/sales/{eventId}': () => ({ ...serviceOnly, key: 404 }),
  'DELETE /internal/sales/{eventId}': () => ({ ...serviceOnly, key: 200, query: fence }),
  'GET /internal/dead-letters': () => ({ ...serviceOnly, key: 200 }),
  'POST /internal/dead-letters/replay': () => ({ ...serviceOnly, key: 200 }),
  'POST /internal/prewarm': () => ({ ...serviceOnly, key: 200, body: { event_id: randomUUID() } }),
};

test('each route answers nobody, garbage, a foreigner, an administrator and a service as it must', async () => {
  const answers: string[] = [];
  const wanted: string[] = [];
  for (const route of routesOf(f.service.app)) {
    const rowOf = rows[route];
    if (rowOf === undefined) throw new Error(`${route} needs a row in the table of this test`);
    const { eventId } = await f.publish();
    const bookingId = await acts.reserve(eventId, owner);
    const row = rowOf({ eventId, bookingId });
    const [method = '', template = ''] = route.split(' ');
    const id = template.includes('/user/') ? owner.id : bookingId;
    const path = template.replace('{id}', id).replace('{eventId}', eventId) + (row.query ?? '');
    const ask = async (kind: string, status: number, headers: Record<string, string>): Promise<void> => {
      const response = await f.service.app.request(path, {
        method,
        headers: { ...headers, ...(row.body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(row.body === undefined ? {} : { body: JSON.stringify(row.body) }),
      });
      await response.body?.cancel();
      answers.push(`${route} ${kind} ${response.status}`);
      wanted.push(`${route} ${kind} ${status}`);
    };
    const nobody = row.nobody ?? 401;
    await ask('nobody', nobody, {});
    for (const token of garbage) await ask('garbage', nobody, { authorization: `Bearer ${token}` });
    await ask('wrong scheme', nobody, { authorization: `Basic ${owner.token}` });
    await ask('wrong key', nobody, { 'x-api-key': `${apiKey}x` });
    await ask('foreigner', row.foreign, { authorization: `Bearer ${foreigner.token}` });
    await ask('administrator', row.admin, { authorization: `Bearer ${admin}` });
    await ask('service', row.key, { 'x-api-key': apiKey });
  }
  expect(answers).toEqual(wanted);
  expect(Object.keys(rows).toSorted()).toEqual(routesOf(f.service.app).toSorted());
});

test('what belongs to somebody else looks exactly as what does not exist', async () => {
  const { eventId } = await f.publish();
  const id = await acts.reserve(eventId, owner);
  const view = async (some: string) => {
    const {
      instance: _instance,
      trace_id: _trace,
      ...body
    } = (await f.call('GET', `/api/v1/bookings/${some}`, { token: foreigner.token })).body;
    return body;
  };
  expect(await view(id)).toEqual(await view(randomUUID()));
});

test('limits for each buyer and address are told and kept', async () => {
  const limited = await createFixture({
    EVENTLY_LOAD_TEST: '0',
    BOOKING_RESERVE_PER_MINUTE: '2',
    BOOKING_WRITES_PER_MINUTE: '1',
    EVENTLY_READS_PER_MINUTE: '2',
  });
  try {
    const own = actsOf(limited);
    const [one, two] = await Promise.all([own.buyer(), own.buyer()]);
    const { eventId } = await limited.publish();
    const id = await own.reserve(eventId, one);
    await own.reserve(eventId, one);
    const refused = await own.ask(eventId, one);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await own.ask(eventId, two)).status).toBe(200);
    expect((await own.giveBack(id, one)).status).toBe(200);
    for (const again of [own.giveBack(id, one), own.cancel(id, one), own.confirm(id, one)])
      expect((await again).status).toBe(429);
    for (const again of [own.join(eventId, one), own.leave(eventId, one)])
      expect((await again).status).toBe(429);
    const reads = [await own.look(id, one), await own.look(id, one), await own.look(id, one)];
    expect(reads[2]).toMatchObject({ code: 'rate_limited' });
    for (const path of ['', '/tickets', '/stream'])
      expect((await limited.call('GET', `/api/v1/bookings/${id}${path}`, { token: one.token })).status).toBe(
        429,
      );
    expect(await own.position(eventId, one)).toMatchObject({ status: 429 });
  } finally {
    await limited.close();
  }
});
