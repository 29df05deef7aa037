import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  apiKey,
  bootstrapToken,
  createEventServiceUnderTest,
  problem,
  send,
  type EventServiceUnderTest,
  type SendOptions,
} from './event-service.ts';

let under: EventServiceUnderTest;
beforeAll(async () => {
  under = await createEventServiceUnderTest();
  await under.service.start();
});
afterAll(() => under.close());

const registerPath = '/api/v1/auth/admin/register';
const session = z.object({
  admin_id: z.uuid(),
  email: z.string(),
  name: z.string(),
  role: z.string(),
  permissions: z.array(z.string()),
  access_token: z.string(),
  refresh_token: z.string(),
});
const password = 'correct horse of the tests';
let people = 0;
function somebody(
  more: object = {},
): { email: string; password: string; name: string } & Record<string, unknown> {
  people += 1;
  return { email: `admin${people}@example.com`, password, name: `Admin ${people}`, ...more };
}
const register = (body: unknown, options: SendOptions = {}) =>
  send(under, 'POST', registerPath, body, options);
const logIn = (email: string, given = password) =>
  send(under, 'POST', '/api/v1/auth/admin/login', { email, password: given });
const refresh = (token: string) =>
  send(under, 'POST', '/api/v1/auth/admin/refresh', { refresh_token: token });

test('of many bootstraps at once exactly one makes an administrator, and the token is spent', async () => {
  const race = await Promise.all(
    Array.from({ length: 6 }, () =>
      register(somebody(), { headers: { 'x-bootstrap-token': bootstrapToken } }),
    ),
  );
  expect(race.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 403, 403, 403, 403, 403]);
  expect(race.find(({ status }) => status === 403)).toMatchObject(problem(403, 'bootstrap_spent'));
  const first = session.parse(race.find(({ status }) => status === 201)?.body);
  expect(first).toMatchObject({ role: 'admin', permissions: ['*'] });
  expect(await register(somebody(), { token: bootstrapToken })).toMatchObject(
    problem(403, 'bootstrap_spent'),
  );
  // Who was refused has no account.
  const { rows } = await under.database.db.query('select email from administrators');
  expect(rows).toEqual([{ email: first.email }]);
});

test('nobody becomes an administrator without one, or with a wrong bootstrap token', async () => {
  expect(await register(somebody())).toMatchObject(problem(401, 'unauthorized'));
  for (const wrong of ['', 'x', `${bootstrapToken}x`, bootstrapToken.toUpperCase()]) {
    expect(await register(somebody(), { headers: { 'x-bootstrap-token': wrong } })).toMatchObject({
      status: 401,
    });
    expect(await register(somebody(), { token: wrong })).toMatchObject({ status: 401 });
  }
  expect(await register(somebody(), { token: await under.tokens.user() })).toMatchObject(
    problem(403, 'forbidden'),
  );
  const editor = await under.tokens.admin(['events:write', 'venues:write']);
  expect(await register(somebody(), { token: editor })).toMatchObject(problem(403, 'forbidden'));
  expect(await register(somebody(), { key: apiKey })).toMatchObject({ status: 401 });
});

test('without the setting there is no bootstrap, not even with an empty token', async () => {
  const closed = await createEventServiceUnderTest({ EVENTLY_BOOTSTRAP_TOKEN: '' });
  try {
    for (const headers of [{ 'x-bootstrap-token': '' }, { 'x-bootstrap-token': 'undefined' }]) {
      const answer = await send(closed, 'POST', registerPath, somebody(), { headers });
      expect(answer).toMatchObject(problem(401, 'unauthorized'));
    }
  } finally {
    await closed.close();
  }
});

test('the bearer of the bootstrap token makes a full administrator only', async () => {
  const fresh = await createEventServiceUnderTest();
  try {
    const asked = (role: string) =>
      send(fresh, 'POST', registerPath, somebody({ role }), {
        headers: { 'x-bootstrap-token': bootstrapToken },
      });
    expect(await asked('viewer')).toMatchObject(problem(400, 'invalid_request'));
    expect((await asked('admin')).status).toBe(201);
  } finally {
    await fresh.close();
  }
});

test('an administrator makes others, and each role may do its part', async () => {
  const expected = {
    admin: { readEvents: 200, writeVenues: 400, writeEvents: 400, makeAdmins: 400 },
    editor: { readEvents: 200, writeVenues: 400, writeEvents: 400, makeAdmins: 403 },
    viewer: { readEvents: 200, writeVenues: 403, writeEvents: 403, makeAdmins: 403 },
    scanner: { readEvents: 403, writeVenues: 403, writeEvents: 403, makeAdmins: 403 },
  };
  for (const [role, rights] of Object.entries(expected)) {
    const made = await register(somebody({ role }), { token: under.admin });
    expect(made.status).toBe(201);
    const { access_token: token } = session.parse(made.body);
    const statusOf = async (method: string, path: string, body?: object) =>
      (await send(under, method, path, body, { token })).status;
    expect({
      readEvents: await statusOf('GET', '/api/v1/admin/events'),
      writeVenues: await statusOf('POST', '/api/v1/admin/venues', {}),
      writeEvents: await statusOf('POST', '/api/v1/admin/events', {}),
      makeAdmins: await statusOf('POST', registerPath, {}),
    }).toEqual(rights);
  }
});

test('an address has one account, whoever races and however it is spelt', async () => {
  const body = somebody();
  const race = await Promise.all(
    [body.email, ` ${body.email.toUpperCase()} `].map((email) =>
      register({ ...body, email }, { token: under.admin }),
    ),
  );
  expect(race.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
  expect(await register(body, { token: under.admin })).toMatchObject(problem(409, 'email_taken'));
});

test('a repeated key gets the first registration back, another body is refused', async () => {
  const body = somebody();
  const options = { token: under.admin, headers: { 'idempotency-key': 'make one admin' } };
  const first = await register(body, options);
  const again = await register(body, options);
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.text).toBe(first.text);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await register(somebody(), options)).toMatchObject(problem(422, 'idempotency_key_reused'));
});

test('a body that is not an administrator is refused field by field', async () => {
  for (const [body, field] of [
    [somebody({ email: 'nobody' }), 'email'],
    [somebody({ password: 'short' }), 'password'],
    [somebody({ password: 'password123' }), 'password'],
    [somebody({ name: ' ' }), 'name'],
    [somebody({ role: 'owner' }), 'role'],
    [somebody({ phone_number: 'call me' }), 'phone_number'],
    [somebody({ permissions: ['*'] }), 'permissions'],
  ] as const) {
    const answer = await register(body, { token: under.admin });
    expect(answer).toMatchObject(problem(400, 'invalid_request'));
    expect(z.array(z.looseObject({ field: z.string() })).parse(answer.body['errors'])[0]?.field).toBe(field);
  }
  expect(await register('{', { token: under.admin })).toMatchObject({ status: 400 });
});

test('a login answers who it is; a wrong password and an unknown address are answered alike', async () => {
  const body = somebody({ role: 'editor' });
  await register(body, { token: under.admin });
  const answer = await logIn(body.email.toUpperCase());
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(session.parse(answer.body)).toMatchObject({
    email: body.email,
    name: body.name,
    role: 'editor',
    permissions: ['events:read', 'events:write', 'venues:write'],
  });
  const wrong = await logIn(body.email, 'another password');
  const unknown = await logIn('nobody@example.com');
  expect(wrong).toMatchObject(problem(401, 'invalid_credentials'));
  const comparable = ({ body: { instance: _id, trace_id: _trace, ...rest } }: typeof wrong) => rest;
  expect(comparable(unknown)).toEqual(comparable(wrong));
});

test('the access token is verified by the published keys and carries role and permissions', async () => {
  const body = somebody({ role: 'scanner' });
  const made = session.parse((await register(body, { token: under.admin })).body);
  const jwks = await send(under, 'GET', '/.well-known/jwks.json');
  expect(
    z.array(z.looseObject({ kid: z.string(), alg: z.literal('RS256') })).parse(jwks.body['keys']).length,
  ).toBeGreaterThan(0);
  expect(jwks.text).not.toContain('"d"');
  expect(await under.verifier.verify(made.access_token)).toMatchObject({
    id: made.admin_id,
    role: 'admin',
    permissions: ['tickets:scan'],
  });
});

test('a refresh token works once, and using it again ends the session', async () => {
  const made = session.parse((await register(somebody(), { token: under.admin })).body);
  const second = session.parse((await refresh(made.refresh_token)).body);
  expect(second).toMatchObject({ admin_id: made.admin_id, role: 'admin', permissions: ['*'] });
  const third = session.parse((await refresh(second.refresh_token)).body);
  expect(await refresh(made.refresh_token)).toMatchObject(problem(401, 'invalid_refresh_token'));
  expect(await refresh(third.refresh_token)).toMatchObject(problem(401, 'invalid_refresh_token'));
  expect(await refresh('never given out')).toMatchObject(problem(401, 'invalid_refresh_token'));
});

test('a log-out ends the session, and an unknown token is answered alike', async () => {
  const made = session.parse((await register(somebody(), { token: under.admin })).body);
  const logOut = (token: string) =>
    send(under, 'POST', '/api/v1/auth/admin/logout', { refresh_token: token });
  expect((await logOut(made.refresh_token)).body).toEqual((await logOut('unknown')).body);
  expect(await refresh(made.refresh_token)).toMatchObject(problem(401, 'invalid_refresh_token'));
});

test('logins are limited per account, known or not, and per address', async () => {
  const limited = await createEventServiceUnderTest({
    EVENT_LOGINS_PER_MINUTE_PER_ACCOUNT: '2',
    EVENT_LOGINS_PER_MINUTE_PER_ADDRESS: '3',
  });
  try {
    const ask = (email: string) =>
      send(limited, 'POST', '/api/v1/auth/admin/login', { email, password: 'not the password' });
    expect([(await ask('a@example.com')).status, (await ask('A@example.com ')).status]).toEqual([401, 401]);
    const third = await ask('a@example.com');
    expect(third).toMatchObject(problem(429, 'rate_limited'));
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await ask('b@example.com')).toMatchObject({ status: 429 });
  } finally {
    await limited.close();
  }
});

test('no password, token, address or name reaches the log', async () => {
  const body = somebody({ name: 'Canary Person', password: 'canary password 1' });
  const made = session.parse((await register(body, { token: under.admin })).body);
  await logIn(body.email, 'canary password 2');
  await register(somebody(), { headers: { 'x-bootstrap-token': bootstrapToken } });
  const log = under.logs.join('\n');
  for (const secret of ['anary', body.email, made.access_token, made.refresh_token, bootstrapToken])
    expect(log).not.toContain(secret);
});
