import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { Message } from '@evently/kit/bus';
import { oneByOne } from '@evently/kit/inbox';
import { eraseAccount } from '../src/store/users.ts';
import {
  problem,
  registerSomebody,
  send,
  startUserService,
  type UserServiceUnderTest,
} from './user-service.ts';

let under: UserServiceUnderTest;
beforeAll(async () => {
  under = await startUserService();
});
afterAll(() => under.close());

const profilePath = '/api/v1/users/profile';
const bookingsPath = '/api/v1/users/bookings';
const look = (token: string) => send(under, 'GET', profilePath, undefined, { token });
const change = (token: string, body: unknown) => send(under, 'PUT', profilePath, body, { token });
const erase = (token: string, password: unknown) =>
  send(under, 'DELETE', profilePath, { password }, { token });

test('a profile has its five fields and belongs to the caller', async () => {
  const person = await registerSomebody(under);
  const { status, body } = await look(person.accessToken);
  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual(['user_id', 'email', 'name', 'phone_number', 'created_at']);
  expect(body).toMatchObject({ user_id: person.userId, email: person.email, phone_number: null });
  expect(z.iso.datetime().safeParse(body['created_at']).success).toBe(true);
});

test('every route of the account asks for a token, and refuses an administrator', async () => {
  const admin = await under.foreign.admin();
  for (const [method, path, body] of [
    ['GET', profilePath, undefined],
    ['PUT', profilePath, { name: 'X' }],
    ['DELETE', profilePath, { password: 'x' }],
    ['GET', bookingsPath, undefined],
  ] as const) {
    const anonymous = await send(under, method, path, body);
    expect(anonymous).toMatchObject(problem(401, 'unauthorized'));
    expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');
    expect(await send(under, method, path, body, { token: admin })).toMatchObject(problem(403, 'forbidden'));
  }
});

test('a change alters what it names and nothing else', async () => {
  const person = await registerSomebody(under);
  const before = await look(person.accessToken);
  expect((await change(person.accessToken, { phone_number: '+91 98765 43210' })).body).toEqual({
    ...before.body,
    phone_number: '+91 98765 43210',
  });
  expect((await change(person.accessToken, { name: ' Meera ' })).body).toMatchObject({
    name: 'Meera',
    phone_number: '+91 98765 43210',
  });
  expect((await change(person.accessToken, { phone_number: null })).body).toMatchObject({
    name: 'Meera',
    phone_number: null,
  });
  expect((await change(person.accessToken, {})).status).toBe(200);
});

test('a change of anything else is refused', async () => {
  const person = await registerSomebody(under);
  for (const body of [
    { email: 'new@example.com' },
    { user_id: person.userId },
    { role: 'admin' },
    { name: '' },
    { name: 'a\u0007' },
    { name: null },
    [],
  ]) {
    expect(await change(person.accessToken, body)).toMatchObject(problem(400, 'invalid_request'));
  }
  expect((await look(person.accessToken)).body).toMatchObject({ email: person.email });
});

test('the bookings are what booking says about the caller, page by page', async () => {
  const person = await registerSomebody(under);
  const list = {
    bookings: [
      {
        booking_id: person.userId,
        status: 'confirmed',
        quantity: 2,
        event: { name: 'Night', venue: 'Hall' },
      },
    ],
    total: 41,
    page: 3,
    limit: 20,
    total_pages: 3,
  };
  const asked: string[] = [];
  under.booking.answer = (url) => {
    asked.push(`${url.pathname}${url.search}`);
    return Response.json(list);
  };
  const answer = await send(under, 'GET', `${bookingsPath}?page=3&limit=20&status=confirmed`, undefined, {
    token: person.accessToken,
  });
  expect(answer).toMatchObject({ status: 200, body: list });
  await send(under, 'GET', bookingsPath, undefined, { token: person.accessToken });
  expect(asked).toEqual([
    `/internal/bookings?user_id=${person.userId}&page=3&limit=20&status=confirmed`,
    `/internal/bookings?user_id=${person.userId}&page=1&limit=20`,
  ]);
});

test('the bookings of somebody else cannot be asked for', async () => {
  const person = await registerSomebody(under);
  for (const query of [
    'user_id=0198a000-0000-7000-8000-000000000001',
    'page=0',
    'page=-1',
    'limit=101',
    'limit=1e1',
    'status=sold',
    'page=1;',
  ]) {
    const answer = await send(under, 'GET', `${bookingsPath}?${query}`, undefined, {
      token: person.accessToken,
    });
    expect(answer).toMatchObject(problem(400, 'invalid_request'));
  }
});

test('booking away, slow, or answering oddly is a 503 that says when to come again', async () => {
  const person = await registerSomebody(under);
  for (const answer of [
    () => new Response('', { status: 500 }),
    () => Response.json({ bookings: 'none' }),
    () => Response.json({ code: 'unauthorized', detail: 'no' }, { status: 401 }),
    () => new Promise<Response>(() => {}),
  ]) {
    under.booking.answer = answer;
    const refused = await send(under, 'GET', bookingsPath, undefined, { token: person.accessToken });
    expect(refused).toMatchObject(problem(503, 'bookings_unavailable'));
    expect(refused.headers.get('retry-after')).toBe('2');
  }
});

test('an erased account is gone for its owner, and its personal data for everyone', async () => {
  const told: Message[] = [];
  const listen = oneByOne('test', async (message) => {
    told.push(message);
  });
  under.bus.subscribe('user', 'test', listen);
  const person = await registerSomebody(under);
  await change(person.accessToken, { name: 'Secretname', phone_number: '+91 555 0199' });
  const headers = { 'idempotency-key': 'to be forgotten' };
  const keyed = { email: 'forget@example.com', password: 'correct horse', name: 'Forgetme' };
  const second = await send(under, 'POST', '/api/v1/auth/register', keyed, { headers });

  expect(await erase(person.accessToken, person.password)).toMatchObject({ status: 200 });
  expect((await erase(String(second.body['access_token']), keyed.password)).status).toBe(200);

  expect(await look(person.accessToken)).toMatchObject(problem(404, 'not_found'));
  expect(await change(person.accessToken, { name: 'Back' })).toMatchObject(problem(404, 'not_found'));
  expect(await erase(person.accessToken, person.password)).toMatchObject(problem(404, 'not_found'));
  expect(await send(under, 'GET', bookingsPath, undefined, { token: person.accessToken })).toMatchObject(
    problem(404, 'not_found'),
  );
  const login = { email: person.email, password: person.password };
  expect(await send(under, 'POST', '/api/v1/auth/login', login)).toMatchObject(
    problem(401, 'invalid_credentials'),
  );
  const refresh = { refresh_token: person.refreshToken };
  expect(await send(under, 'POST', '/api/v1/auth/refresh', refresh)).toMatchObject(
    problem(401, 'invalid_refresh_token'),
  );

  const { rows } = await under.database.db.query<{ dump: string }>(
    `
    select coalesce(string_agg(t, ' '), '') as dump from (
      select users::text as t from users where user_id = any($1)
      union all select outbox::text from outbox
      union all select idempotency_keys::text from idempotency_keys) everything`,
    [[person.userId, second.body['user_id']]],
  );
  expect(rows[0]?.dump).toContain(person.userId);
  expect(rows[0]?.dump).not.toMatch(/Secretname|555 0199|Forgetme|@example|argon2|to be forgotten/);

  await expect
    .poll(() => told.map(({ type, payload }) => ({ type, payload })))
    .toContainEqual({
      type: 'user.erased',
      payload: { user_id: person.userId },
    });
});

test('an erased address may register again, as somebody new', async () => {
  const person = await registerSomebody(under);
  await erase(person.accessToken, person.password);
  const again = await send(under, 'POST', '/api/v1/auth/register', {
    email: person.email,
    password: 'correct horse',
    name: 'New',
  });
  expect(again.status).toBe(201);
  expect(again.body['user_id']).not.toBe(person.userId);
});

test('erasing needs the password, and a wrong one changes nothing', async () => {
  const person = await registerSomebody(under);
  expect(await erase(person.accessToken, 'wrong')).toMatchObject(problem(403, 'wrong_password'));
  expect(await erase(person.accessToken, undefined)).toMatchObject(problem(400, 'invalid_request'));
  expect((await look(person.accessToken)).status).toBe(200);
});

test('of two parallel erasures one tells the others', async () => {
  const person = await registerSomebody(under);
  const answers = await Promise.all([
    erase(person.accessToken, person.password),
    erase(person.accessToken, person.password),
  ]);
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 404]);
  const { rows } = await under.database.db.query('select 1 from outbox where key = $1', [person.userId]);
  expect(rows).toHaveLength(1);
});

test('a login that has checked its password while an erasure commits begins no session', async () => {
  const person = await registerSomebody(under);
  const { db } = under.database;
  const login = await db.transaction(async (client) => {
    await eraseAccount(client, person.userId);
    const running = send(under, 'POST', '/api/v1/auth/login', {
      email: person.email,
      password: person.password,
    });
    // The login still sees the account, and waits at its row for the erasure to end.
    await expect.poll(() => loginsWaiting()).toBe(1);
    return { running };
  });
  expect(await login.running).toMatchObject(problem(401, 'invalid_credentials'));
  const families = 'select 1 from refresh_families where subject_id = $1';
  // Only the family of the registration: the login left none.
  expect((await db.query(families, [person.userId])).rows).toHaveLength(1);
});

async function loginsWaiting(): Promise<number> {
  const waiting = `select 1 from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like '%for share%'`;
  return (await under.database.db.query(waiting)).rows.length;
}
