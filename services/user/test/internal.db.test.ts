import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { documentFaults } from '@evently/testkit/open-api';
import {
  apiKey,
  problem,
  registerSomebody,
  send,
  startUserService,
  type UserServiceUnderTest,
} from './user-service.ts';

let under: UserServiceUnderTest;
let pressed: UserServiceUnderTest;
beforeAll(async () => {
  under = await startUserService();
  pressed = await startUserService({ EVENTLY_LOAD_TEST: '1' });
});
afterAll(async () => {
  await under.close();
  await pressed.close();
});

const verify = (token: unknown, key?: string) =>
  send(under, 'POST', '/internal/auth/verify', { token }, key === undefined ? {} : { key });
const user = (id: string, key?: string) =>
  send(under, 'GET', `/internal/users/${id}`, undefined, key === undefined ? {} : { key });
const tokens = (body: unknown, key = apiKey) =>
  send(pressed, 'POST', '/internal/load-test/tokens', body, { key });

test('a live token is told to be whose it is', async () => {
  const person = await registerSomebody(under);
  expect(await verify(person.accessToken, apiKey)).toMatchObject({
    status: 200,
    body: { user_id: person.userId, email: person.email, valid: true },
  });
});

test('tokens of administrators and of erased accounts are nobody', async () => {
  const person = await registerSomebody(under);
  await send(
    under,
    'DELETE',
    '/api/v1/users/profile',
    { password: person.password },
    { token: person.accessToken },
  );
  for (const token of [await under.foreign.admin(), person.accessToken, await under.foreign.user()]) {
    expect((await verify(token, apiKey)).body).toEqual({ user_id: null, email: null, valid: false });
  }
});

test('a profile is told by id, and erased or unknown ids are not found', async () => {
  const person = await registerSomebody(under);
  expect((await user(person.userId, apiKey)).body).toMatchObject({
    user_id: person.userId,
    email: person.email,
  });
  expect(await user('0198a000-0000-7000-8000-000000000001', apiKey)).toMatchObject(problem(404, 'not_found'));
  expect(await user('1', apiKey)).toMatchObject(problem(400, 'invalid_request'));
  await send(
    under,
    'DELETE',
    '/api/v1/users/profile',
    { password: person.password },
    { token: person.accessToken },
  );
  expect(await user(person.userId, apiKey)).toMatchObject(problem(404, 'not_found'));
});

test('internal routes ask for one of the two keys; a bearer token is not enough', async () => {
  const person = await registerSomebody(under);
  expect((await user(person.userId, 'the-next-key-of-the-tests')).status).toBe(200);
  for (const key of [undefined, '', 'wrong', `${apiKey} `.repeat(2), apiKey.slice(1)]) {
    expect(await user(person.userId, key)).toMatchObject(problem(401, 'unauthorized'));
    expect(await verify(person.accessToken, key)).toMatchObject(problem(401, 'unauthorized'));
  }
  const bearer = await send(under, 'GET', `/internal/users/${person.userId}`, undefined, {
    token: person.accessToken,
  });
  expect(bearer).toMatchObject(problem(401, 'unauthorized'));
});

test('the published keys verify, are cacheable, and hold nothing private', async () => {
  const answer = await send(under, 'GET', '/.well-known/jwks.json');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('public, max-age=60');
  const { keys } = z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).parse(answer.body);
  expect(keys.map((key) => Object.keys(key).toSorted())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
});

test('without load testing its endpoint does not exist and is in no document', async () => {
  const answer = await send(under, 'POST', '/internal/load-test/tokens', { count: 1 }, { key: apiKey });
  expect(answer).toMatchObject(problem(404, 'not_found'));
  expect((await send(under, 'GET', '/openapi.json')).text).not.toContain('load-test');
});

test('load testing gives working tokens of different buyers, the same for the same seed', async () => {
  const users = z.object({ users: z.array(z.object({ user_id: z.uuid(), access_token: z.string() })) });
  const once = users.parse((await tokens({ count: 25, seed: 'drill' })).body).users;
  const twice = users.parse((await tokens({ count: 25, seed: 'drill' })).body).users;
  const unseeded = users.parse((await tokens({ count: 25 })).body).users;
  expect(twice.map((each) => each.user_id)).toEqual(once.map((each) => each.user_id));
  expect(new Set([...once, ...unseeded].map((each) => each.user_id)).size).toBe(50);
  pressed.booking.answer = () =>
    Response.json({ bookings: [], total: 0, page: 1, limit: 20, total_pages: 0 });
  for (const each of [once[0], once[24], unseeded[0]]) {
    const answer = await send(pressed, 'GET', '/api/v1/users/bookings', undefined, {
      token: each?.access_token ?? '',
    });
    expect(answer.status).toBe(200);
  }
});

test('load testing still asks for the key and bounds what it makes', async () => {
  expect(await tokens({ count: 1 }, 'wrong')).toMatchObject(problem(401, 'unauthorized'));
  for (const body of [
    { count: 0 },
    { count: 20_001 },
    { count: 1.5 },
    { count: '1' },
    {},
    { count: 1, role: 'admin' },
  ]) {
    expect(await tokens(body)).toMatchObject(problem(400, 'invalid_request'));
  }
});

test('other requests are answered while a thousand tokens are signed', async () => {
  let signed = false;
  const herd = tokens({ count: 1_000 }).then((answer) => {
    signed = true;
    return answer;
  });
  const health = await send(pressed, 'GET', '/healthz');
  const keys = await send(pressed, 'GET', '/.well-known/jwks.json');
  expect([health.status, keys.status, signed]).toEqual([200, 200, false]);
  expect((await herd).status).toBe(200);
});

test('every route is in the document, with every status that follows from what it needs', async () => {
  expect(await documentFaults(pressed.service.app)).toEqual([]);
});

test('the service says whether its database answers', async () => {
  expect((await send(under, 'GET', '/health/ready')).body).toEqual({ status: 'ready', database: 'ok' });
});
