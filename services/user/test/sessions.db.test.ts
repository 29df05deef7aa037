import { afterAll, beforeAll, expect, test } from 'vitest';
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

const register = (body: unknown, headers: Record<string, string> = {}) =>
  send(under, 'POST', '/api/v1/auth/register', body, { headers });
const login = (email: string, password: string) =>
  send(under, 'POST', '/api/v1/auth/login', { email, password });
const refresh = (token: unknown) => send(under, 'POST', '/api/v1/auth/refresh', { refresh_token: token });
const profile = (token: unknown) =>
  send(under, 'GET', '/api/v1/users/profile', undefined, { token: String(token) });
const ravi = {
  email: 'ravi@example.com',
  password: 'tamarind tree',
  name: 'Ravi Menon',
  phone_number: '+91 98765 43210',
};

test('registering answers 201 with a session that works at once', async () => {
  const answer = await register(ravi);
  expect(answer.status).toBe(201);
  expect(Object.keys(answer.body).toSorted()).toEqual([
    'access_token',
    'email',
    'name',
    'refresh_token',
    'user_id',
  ]);
  expect(answer.body).toMatchObject({ email: ravi.email, name: ravi.name });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect((await profile(answer.body['access_token'])).body).toMatchObject({
    ...profileOfRavi,
    user_id: answer.body['user_id'],
  });
});
const profileOfRavi = { email: ravi.email, name: ravi.name, phone_number: ravi.phone_number };

test('one address has one account, however it is spelt', async () => {
  await register({ ...ravi, email: 'zoe\u0308@example.com' });
  for (const email of ['zo\u00eb@example.com', '  ZOE\u0308@Example.COM ']) {
    expect(await register({ ...ravi, email })).toMatchObject(problem(409, 'email_taken'));
  }
  expect((await login(' ZO\u00cb@example.com', ravi.password)).status).toBe(200);
});

test('of ten parallel registrations of one address one succeeds', async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => register({ ...ravi, email: 'race@example.com' })),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    201,
    ...Array<number>(9).fill(409),
  ]);
});

test('names may be of any script, and are trimmed', async () => {
  for (const [at, name] of ['अर्जुन', '李雷', "O'Brien <script>", '👩‍👩‍👧', 'x'.repeat(120)].entries()) {
    const answer = await register({ ...ravi, email: `name${at}@example.com`, name: `  ${name} ` });
    expect(answer).toMatchObject({ status: 201, body: { name } });
  }
});

test.each([
  ['a role', { ...ravi, role: 'admin' }, 'role'],
  ['isAdmin', { ...ravi, isAdmin: true }, 'isAdmin'],
  ['permissions', { ...ravi, permissions: ['*'] }, 'permissions'],
  ['a prototype', JSON.stringify(ravi).replace('{', '{"__proto__":{"role":"admin"},'), '__proto__'],
  ['a constructor', { ...ravi, constructor: { prototype: {} } }, 'constructor'],
  ['no address', { ...ravi, email: 'nobody' }, 'email'],
  ['an address with a line break', { ...ravi, email: 'a@example.com\nbcc: b@example.com' }, 'email'],
  ['an address with NUL', { ...ravi, email: 'a\u0000@example.com' }, 'email'],
  ['an address as a list', { ...ravi, email: ['a@example.com'] }, 'email'],
  ['an empty name', { ...ravi, name: '   ' }, 'name'],
  ['a long name', { ...ravi, name: 'x'.repeat(121) }, 'name'],
  ['a name with a control character', { ...ravi, name: 'a\u0000b' }, 'name'],
  ['half a character', { ...ravi, name: 'a\ud83d' }, 'name'],
  ['a short password', { ...ravi, password: 'seven77' }, 'password'],
  ['an endless password', { ...ravi, password: 'x'.repeat(201) }, 'password'],
  ['a common password', { ...ravi, password: '11111111' }, 'password'],
  ['a number as password', { ...ravi, password: 12345678 }, 'password'],
  ['a telephone of letters', { ...ravi, phone_number: 'call me' }, 'phone_number'],
])('a registration with %s is refused with its field, and nothing is stored', async (_what, body, field) => {
  const answer = await register(
    typeof body === 'string'
      ? body
      : { ...body, ...(body.email === ravi.email ? { email: 'bad@example.com' } : {}) },
  );
  expect(answer).toMatchObject(problem(400, 'invalid_request'));
  expect(answer.body['errors']).toEqual([expect.objectContaining({ field })]);
  const { rows } = await under.database.db.query(
    "select 1 from users where email like 'bad@%' or email like 'a@%'",
  );
  expect(rows).toEqual([]);
});

test('bodies that are no JSON, too large or of another type are refused as what they are', async () => {
  expect(await register('{"email":')).toMatchObject(problem(400, 'malformed_body'));
  expect((await register('')).status).toBe(400);
  expect(await register('[]')).toMatchObject(problem(400, 'invalid_request'));
  expect(await register(`"${'x'.repeat(70_000)}"`)).toMatchObject(problem(413, 'body_too_large'));
  expect((await register('email=a', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(
    415,
  );
  expect(await send(under, 'GET', '/api/v1/auth/register')).toMatchObject(problem(405, 'method_not_allowed'));
});

test('a repeated registration with the same key gets the same bytes, and other bodies 422', async () => {
  const body = { ...ravi, email: 'again@example.com' };
  const headers = { 'idempotency-key': 'my key 1' };
  const [first, ...others] = await Promise.all([
    register(body, headers),
    register(body, headers),
    register(body, headers),
  ]);
  for (const other of others) expect(other).toMatchObject({ status: 201, text: first?.text });
  const replay = await register(body, headers);
  expect(replay.text).toBe(first?.text);
  expect(replay.headers.get('idempotency-replayed')).toBe('true');
  expect(await register({ ...body, password: 'another password' }, headers)).toMatchObject(
    problem(422, 'idempotency_key_reused'),
  );
  expect(await register(body)).toMatchObject(problem(409, 'email_taken'));
});

test('a key is private to the address: another person with the same key gets an own account', async () => {
  const headers = { 'idempotency-key': 'shared' };
  const one = await register({ ...ravi, email: 'key1@example.com' }, headers);
  const two = await register({ ...ravi, email: 'key2@example.com' }, headers);
  expect([one.status, two.status]).toEqual([201, 201]);
  expect(one.body['user_id']).not.toBe(two.body['user_id']);
});

test('logging in gives the account a new session', async () => {
  const person = await registerSomebody(under);
  const answer = await login(person.email, person.password);
  expect(answer).toMatchObject({ status: 200, body: { user_id: person.userId, email: person.email } });
  expect(answer.body['refresh_token']).not.toBe(person.refreshToken);
  expect((await profile(answer.body['access_token'])).status).toBe(200);
});

test('an unknown address and a wrong password get the same answer', async () => {
  const person = await registerSomebody(under);
  const wrong = await login(person.email, 'wrong password');
  const unknown = await login('nobody@example.com', 'wrong password');
  expect(wrong).toMatchObject(problem(401, 'invalid_credentials'));
  const { instance: _one, trace_id: _first, ...wrongBody } = wrong.body;
  const { instance: _two, trace_id: _second, ...unknownBody } = unknown.body;
  expect(unknownBody).toEqual(wrongBody);
  expect([...unknown.headers.keys()]).toEqual([...wrong.headers.keys()]);
});

test('passwords are compared exactly, and hostile texts are only wrong', async () => {
  const person = await registerSomebody(under);
  for (const text of [
    person.password.toUpperCase(),
    `${person.password} `,
    "' or 1=1 --",
    '\u0000',
    '$argon2id$v=19$',
  ]) {
    expect((await login(person.email, text)).status).toBe(401);
  }
});

test('a login that comes when too many hash passwords is told to come again', async () => {
  const narrow = await startUserService({ IDENTITY_HASHES_RUNNING: '1', IDENTITY_HASHES_WAITING: '1' });
  const body = { email: 'nobody@example.com', password: 'whatever it is' };
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => send(narrow, 'POST', '/api/v1/auth/login', body)),
  );
  const busy = answers.filter(({ status }) => status === 503);
  expect(busy.length).toBeGreaterThan(0);
  expect(busy[0]).toMatchObject(problem(503, 'passwords_busy'));
  expect(busy[0]?.headers.get('retry-after')).toBe('1');
  expect(answers.some(({ status }) => status === 401)).toBe(true);
  await narrow.close();
});

test('a hash made with older parameters is renewed when its owner logs in', async () => {
  const person = await registerSomebody(under);
  const old = '$argon2id$v=19$m=64,t=1,p=1$';
  const { hash } = await import('@node-rs/argon2');
  const oldHash = await hash(person.password, { memoryCost: 64, timeCost: 1, parallelism: 1 });
  expect(oldHash.startsWith(old)).toBe(true);
  await under.database.db.query('update users set password_hash = $2 where user_id = $1', [
    person.userId,
    oldHash,
  ]);
  const answers = await Promise.all(Array.from({ length: 4 }, () => login(person.email, person.password)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const { rows } = await under.database.db.query<{ password_hash: string }>(
    'select password_hash from users where user_id = $1',
    [person.userId],
  );
  expect(rows[0]?.password_hash).toContain('m=19456,t=2,p=1');
  expect((await login(person.email, person.password)).status).toBe(200);
});

test('refreshing gives new tokens, and ten parallel ones give one successor', async () => {
  const person = await registerSomebody(under);
  const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(person.refreshToken)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(new Set(answers.map(({ body }) => body['refresh_token'])).size).toBe(1);
  expect(Object.keys(answers[0]?.body ?? {}).toSorted()).toEqual(['access_token', 'refresh_token']);
  expect((await profile(answers[9]?.body['access_token'])).body['user_id']).toBe(person.userId);
});

test('a refresh token that was used before ends the session on every side', async () => {
  const person = await registerSomebody(under);
  const second = await refresh(person.refreshToken);
  const third = await refresh(second.body['refresh_token']);
  expect(third.status).toBe(200);
  expect(await refresh(person.refreshToken)).toMatchObject(problem(401, 'invalid_refresh_token'));
  expect(await refresh(third.body['refresh_token'])).toMatchObject(problem(401, 'invalid_refresh_token'));
});

test('texts that are no refresh tokens are refused alike, access tokens included', async () => {
  const person = await registerSomebody(under);
  for (const text of ['x', person.accessToken, 'x'.repeat(43), "'; drop table users; --"]) {
    expect(await refresh(text)).toMatchObject(problem(401, 'invalid_refresh_token'));
  }
  expect(await refresh(7)).toMatchObject(problem(400, 'invalid_request'));
  expect(await send(under, 'POST', '/api/v1/auth/refresh', { refresh_token: 'x', extra: 1 })).toMatchObject(
    problem(400, 'invalid_request'),
  );
});

test('logging out ends the session, and says the same about an unknown token', async () => {
  const person = await registerSomebody(under);
  const logout = (token: string) => send(under, 'POST', '/api/v1/auth/logout', { refresh_token: token });
  const answer = await logout(person.refreshToken);
  expect(answer).toMatchObject({ status: 200, body: { message: 'Logged out' } });
  expect((await logout('unknown')).text).toBe(answer.text);
  expect(await refresh(person.refreshToken)).toMatchObject(problem(401, 'invalid_refresh_token'));
  expect(await logout('')).toMatchObject(problem(400, 'invalid_request'));
});

test('a demonstration may relax passwords by settings', async () => {
  const relaxed = await startUserService({
    IDENTITY_PASSWORD_MIN_LENGTH: '7',
    IDENTITY_COMMON_PASSWORDS: 'allowed',
  });
  for (const password of ['11111111', 'abcdefg']) {
    const body = { ...ravi, email: `${password}@example.com`, password };
    expect((await send(relaxed, 'POST', '/api/v1/auth/register', body)).status).toBe(201);
  }
  await relaxed.close();
});
