import { expect, test } from 'vitest';
import { apiKey, problem, registerSomebody, send, startUserService } from './user-service.ts';

test('no secret and no personal data reaches the log, whatever is asked', async () => {
  const under = await startUserService({ EVENTLY_LOG_LEVEL: 'debug' });
  const canaries = {
    email: 'canary.mail@example.com',
    password: 'canary password 1',
    name: 'Canary Nameson',
    phone_number: '+91 99999 12345',
  };
  const { body } = await send(under, 'POST', '/api/v1/auth/register', canaries, {
    headers: { 'idempotency-key': 'canary key' },
  });
  const token = String(body['access_token']);
  const refreshToken = String(body['refresh_token']);
  const login = { email: canaries.email, password: canaries.password };
  await send(under, 'POST', '/api/v1/auth/register', canaries);
  await send(under, 'POST', '/api/v1/auth/login', login);
  await send(under, 'POST', '/api/v1/auth/login', { ...login, password: 'canary wrong password' });
  await send(under, 'POST', '/api/v1/auth/login', { ...login, extra: 'canary extra' });
  await send(under, 'POST', '/api/v1/auth/login', `{"email":"${canaries.email}`);
  await send(under, 'GET', `/api/v1/users/profile?token=${token}`, undefined, { token });
  await send(under, 'GET', '/api/v1/users/bookings', undefined, { token });
  await send(under, 'POST', '/internal/auth/verify', { token }, { key: apiKey });
  const next = await send(under, 'POST', '/api/v1/auth/refresh', { refresh_token: refreshToken });
  await send(under, 'POST', '/api/v1/auth/refresh', { refresh_token: next.body['refresh_token'] });
  await send(under, 'POST', '/api/v1/auth/refresh', { refresh_token: refreshToken });
  await send(under, 'DELETE', '/api/v1/users/profile', { password: canaries.password }, { token });
  await under.close();

  const log = under.logs.join('');
  expect(log).toContain('"route":"/api/v1/auth/login"');
  expect(log).toContain('a refresh token was used again');
  const secrets = [
    ...Object.values(canaries),
    'canary',
    token,
    refreshToken,
    String(next.body['refresh_token']),
    apiKey,
  ];
  for (const secret of secrets)
    expect(log.includes(secret), `the log contains "${secret.slice(0, 12)}..."`).toBe(false);
  expect(log).not.toMatch(/argon2id|PRIVATE KEY|eyJ/);
});

test('without a database every route that needs it answers 503 at once, and the rest goes on', async () => {
  const under = await startUserService();
  const person = await registerSomebody(under);
  await under.database.db.close();
  const token = person.accessToken;
  const refused = [
    await send(under, 'GET', '/api/v1/users/profile', undefined, { token }),
    await send(under, 'POST', '/api/v1/auth/login', { email: person.email, password: person.password }),
    await send(under, 'POST', '/api/v1/auth/refresh', { refresh_token: person.refreshToken }),
    await send(under, 'POST', '/api/v1/auth/logout', { refresh_token: person.refreshToken }),
    await send(under, 'POST', '/api/v1/auth/register', {
      email: 'x@example.com',
      password: 'correct horse',
      name: 'X',
    }),
  ];
  for (const answer of refused) {
    expect(answer).toMatchObject(problem(503, 'database_unavailable'));
    expect(answer.headers.get('retry-after')).toBe('1');
  }
  expect(await send(under, 'GET', '/health/ready')).toMatchObject({
    status: 503,
    body: { database: 'unavailable' },
  });
  expect((await send(under, 'GET', '/healthz')).status).toBe(200);
  // Keys are in memory: verifiers of other services can still fetch them.
  expect((await send(under, 'GET', '/.well-known/jwks.json')).status).toBe(200);
  await under.service.stop();
});

test('the outcome of each credential is counted', async () => {
  const under = await startUserService();
  const person = await registerSomebody(under);
  await send(under, 'POST', '/api/v1/auth/login', { email: person.email, password: 'wrong one' });
  const metrics = await under.registry.metrics();
  expect(metrics).toContain('evently_user_credentials_total{kind="register",outcome="granted"} 1');
  expect(metrics).toContain('evently_user_credentials_total{kind="login",outcome="refused"} 1');
  expect(metrics).toContain('evently_user_password_queue_items 0');
  await under.close();
});

test('starting and stopping twice is no error', async () => {
  const under = await startUserService();
  await under.service.start();
  await under.service.stop();
  await under.close();
});
