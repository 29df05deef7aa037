import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routesOf } from '@evently/testkit/open-api';
import { actsOf } from './buyers.ts';
import { apiKey, createFixture, specOf, type Fixture } from './fixture.ts';

let f: Fixture;
let headers: Record<string, string>;
/** For each route with a body: its path and a body that is valid and has no effect. */
let bodies: Record<string, { path: string; body: Record<string, unknown> }>;
let queries: string[];
beforeAll(async () => {
  f = await createFixture();
  const acts = actsOf(f);
  const spec = { ...specOf(1, 1), waitlist: 'off' as const };
  const sold = await f.publish(spec);
  const foreign = await acts.reserve(sold.eventId, await acts.buyer());
  const fresh = await f.publish();
  const sale = {
    epoch: 5,
    uid: 'u',
    generation: 5,
    intent: 'Run',
    opens_at: '2026-01-01T00:00:00Z',
    closes_at: null,
  };
  await f.internal('PUT', `/internal/sales/${fresh.eventId}`, sale);
  headers = { authorization: `Bearer ${await f.tokens.admin()}`, 'x-api-key': apiKey };
  const stale = { path: `/internal/inventory/${sold.eventId}`, body: { quantity: 1, version: 0 } };
  bodies = {
    'POST /api/v1/bookings/reserve': {
      path: '/api/v1/bookings/reserve',
      body: { event_id: sold.eventId, quantity: 1, tier_id: sold.tierIds[0], idempotency_key: 'k' },
    },
    'POST /api/v1/bookings/confirm': {
      path: '/api/v1/bookings/confirm',
      body: { reservation_id: foreign, payment_token: 't', payment_method: 'card' },
    },
    'POST /api/v1/waitlist/join': {
      path: '/api/v1/waitlist/join',
      body: { event_id: fresh.eventId, quantity: 1, tier_id: fresh.tierIds[0] },
    },
    'DELETE /api/v1/waitlist/leave': {
      path: '/api/v1/waitlist/leave',
      body: { event_id: sold.eventId },
    },
    'POST /api/v1/tickets/scan': {
      path: '/api/v1/tickets/scan',
      body: { code: 'a code that nobody has', where: 'gate' },
    },
    'PUT /internal/inventory/{eventId}': { path: stale.path, body: { ...spec, tiers: [...spec.tiers] } },
    'POST /internal/inventory/{eventId}/block': { path: `${stale.path}/block`, body: stale.body },
    'POST /internal/inventory/{eventId}/unblock': { path: `${stale.path}/unblock`, body: stale.body },
    'PUT /internal/sales/{eventId}': {
      path: `/internal/sales/${fresh.eventId}`,
      body: { ...sale, epoch: 1 },
    },
    'POST /internal/prewarm': { path: '/internal/prewarm', body: { event_id: randomUUID() } },
  };
  const [id, nul] = [randomUUID(), '%00'];
  queries = [
    ...['x', nul, "1' or '1'='1", 'x'.repeat(5_000)].flatMap((bad) => [
      `/api/v1/bookings/${bad}`,
      `/api/v1/bookings/${bad}/tickets`,
      `/api/v1/bookings/${bad}/stream`,
      `/api/v1/bookings/user/${bad}`,
      `/api/v1/bookings/check-availability?event_id=${bad}`,
      `/api/v1/waitlist/position?event_id=${bad}`,
      `/internal/bookings/${bad}`,
      `/internal/inventory?event_ids=${bad}`,
      `/internal/inventory/${bad}/report`,
      `/internal/sales/${bad}`,
    ]),
    ...['0', '-1', '1.5', 'NaN', 'Infinity', '1e99', '9007199254740993', 'x', nul].flatMap((bad) => [
      `/api/v1/bookings/check-availability?event_id=${id}&quantity=${bad}`,
      `/api/v1/bookings/user/${id}?page=${bad}`,
      `/internal/bookings?user_id=${id}&limit=${bad}`,
    ]),
    `/internal/bookings?user_id=${id}&status=${nul}`,
    '/internal/bookings',
  ];
});
afterAll(() => f.close());

type Answered = { status: number; code: unknown; error: unknown };
async function send(method: string, path: string, init: { body?: string; type?: string }): Promise<Answered> {
  const response = await f.service.app.request(path, {
    method,
    headers: {
      ...headers,
      ...(init.body === undefined ? {} : { 'content-type': init.type ?? 'application/json' }),
    },
    ...(init.body === undefined ? {} : { body: init.body }),
  });
  const body = Object(await response.json());
  return { status: response.status, code: body.code, error: body.error };
}

/** Everything that is stored, in one line for each table. */
async function contents(): Promise<string[]> {
  const tables = await f.database.db.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'migrations' order by 1`,
  );
  const lines: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await f.database.db.query<{ line: string }>(
      `select count(*) || ' ' || md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as line from ${name} t`,
    );
    lines.push(`${name} ${rows[0]?.line}`);
  }
  return lines;
}

const bodied = () =>
  Object.entries(bodies).map(([route, { path, body }]) => ({
    method: route.split(' ')[0] ?? '',
    path,
    body,
  }));

// Of no type that any field has.
const wrongTypes: unknown[] = [true, { a: { b: {} } }, [[[]]]];
const wrongValues: unknown[] = [
  null,
  -1,
  0,
  1.5,
  1e99,
  2 ** 53 + 2,
  '',
  'x',
  ' ',
  'x'.repeat(10_000),
  '\u0000',
  'a\u0000b',
  '\ud800',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-23:59',
  "'; drop table x;",
];

test('every route with a body is in the table of this test', async () => {
  const document = await (await f.service.app.request('/openapi.json')).json();
  const withBody = routesOf(f.service.app).filter((route) => {
    const [method = '', path = ''] = route.split(' ');
    return Object(document).paths[path][method.toLowerCase()].requestBody !== undefined;
  });
  expect(Object.keys(bodies).toSorted()).toEqual(withBody.toSorted());
});

test('no field of no route takes what it should not; nothing changes, and nothing fails', async () => {
  const before = await contents();
  for (const { method, path, body } of bodied()) {
    for (const field of Object.keys(body)) {
      for (const value of [...wrongTypes, ...wrongValues]) {
        const text = JSON.stringify({ ...body, [field]: value });
        const answer = await send(method, path, { body: text });
        const about = `${method} ${path} ${text.slice(0, 300)}`;
        if (wrongTypes.includes(value)) expect([about, answer.status]).toEqual([about, 400]);
        else expect([about, answer.status < 500]).toEqual([about, true]);
        if (answer.status >= 400) expect([about, typeof answer.error]).toEqual([about, 'string']);
      }
    }
    const unknown = await send(method, path, { body: JSON.stringify({ ...body, is_admin: true }) });
    expect([path, unknown.status]).toEqual([path, 400]);
  }
  expect(await contents()).toEqual(before);
});

test('what is no JSON object is refused, however deep or long it is', async () => {
  const before = await contents();
  const broken = ['', '{"event_id":', 'null', '[]', '"x"', '7', '['.repeat(20_000), '\u0000', '{"a":1}{'];
  const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
  for (const { method, path, body } of bodied()) {
    for (const text of [...broken, deep]) {
      const answer = await send(method, path, { body: text });
      expect([path, text.slice(0, 20), answer.status]).toEqual([path, text.slice(0, 20), 400]);
    }
    expect((await send(method, path, {})).status).toBe(400);
    const plain = await send(method, path, { body: JSON.stringify(body), type: 'text/plain' });
    expect([path, plain.status]).toEqual([path, 415]);
    const long = JSON.stringify({ ...body, padding: 'x'.repeat(65 * 1024) });
    expect(await send(method, path, { body: long })).toMatchObject({ status: 413, code: 'body_too_large' });
  }
  expect(await contents()).toEqual(before);
});

test('bad ids, pages and quantities in addresses are refused', async () => {
  for (const path of queries) {
    const answer = await send('GET', path, {});
    expect([path.slice(0, 80), answer.status]).toEqual([path.slice(0, 80), 400]);
  }
  const sale = `/internal/sales/${randomUUID()}`;
  for (const fence of ['', '?epoch=x&uid=u&generation=1', '?epoch=1&uid=%00&generation=1', '?epoch=1&uid=u'])
    expect((await send('DELETE', sale + fence, {})).status).toBe(400);
});

test('a method that a path does not know is answered 405 with those it knows', async () => {
  const id = randomUUID();
  for (const route of routesOf(f.service.app)) {
    const path = (route.split(' ')[1] ?? '').replace(/\{\w+\}/, id);
    const response = await f.service.app.request(path, { method: 'PATCH', headers });
    expect([path, response.status]).toEqual([path, 405]);
    expect(response.headers.get('allow')).toContain(route.split(' ')[0]);
  }
  const allow = (await f.service.app.request('/api/v1/bookings/confirm', { method: 'PUT', headers })).status;
  expect(allow).toBe(405);
});

test('no refusal spells the letters by which scripts count successes', async () => {
  const { token } = await actsOf(f).buyer();
  for (const [path, body] of [
    ['/api/v1/bookings/confirm', { reservation_id: 7, payment_token: 't', payment_method: 'card' }],
    ['/api/v1/bookings/confirm', {}],
    ['/api/v1/bookings/reserve', { reservation_id: 'x', event_id: 'y', quantity: 1, idempotency_key: 'k' }],
  ] as const) {
    const { status, body: said } = await f.call('POST', path, { token, body });
    expect(status).toBe(400);
    expect(JSON.stringify(said)).not.toContain('reservation_id');
    expect(JSON.stringify(said)).toContain('reservation:');
  }
});
