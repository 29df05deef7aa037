import { afterEach, expect, test } from 'vitest';
import {
  problem,
  registerSomebody,
  send,
  startUserService,
  type Sent,
  type UserServiceUnderTest,
} from './user-service.ts';

let under: UserServiceUnderTest | null = null;
afterEach(async () => {
  await under?.close();
  under = null;
});

async function start(env: Readonly<Record<string, string>>): Promise<UserServiceUnderTest> {
  under = await startUserService({ EVENTLY_TRUSTED_HOPS: '1', ...env });
  return under;
}
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
const statuses = (answers: readonly Sent[]): number[] => answers.map(({ status }) => status);

test('the sixth login of an account in a minute is refused, known or not, from whatever address', async () => {
  const service = await start({ USER_LOGINS_PER_MINUTE_PER_ACCOUNT: '5' });
  const person = await registerSomebody(service);
  for (const email of [person.email, 'nobody@example.com']) {
    const answers: Sent[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const spelt = attempt % 2 === 0 ? email : ` ${email.toUpperCase()}`;
      answers.push(
        await send(
          service,
          'POST',
          '/api/v1/auth/login',
          { email: spelt, password: 'wrong one' },
          from(`10.0.0.${attempt}`),
        ),
      );
    }
    expect(statuses(answers)).toEqual([401, 401, 401, 401, 401, 429]);
    expect(answers[5]).toMatchObject(problem(429, 'rate_limited'));
    expect(Number(answers[5]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"login-account";q=5;w=60');
  }
});

test('logins are limited per address too, and the client cannot choose its address', async () => {
  const service = await start({ USER_LOGINS_PER_MINUTE_PER_ADDRESS: '2' });
  const login = (number: number, address: string) =>
    send(
      service,
      'POST',
      '/api/v1/auth/login',
      { email: `n${number}@example.com`, password: 'wrong one' },
      from(address),
    );
  const answers = [
    await login(1, '10.0.0.1'),
    await login(2, '1.1.1.1, 10.0.0.1'),
    await login(3, '2.2.2.2, 10.0.0.1'),
  ];
  expect(statuses(answers)).toEqual([401, 401, 429]);
  expect((await login(4, '10.0.0.2')).status).toBe(401);
});

test('registrations and reads are limited per address', async () => {
  const service = await start({
    USER_REGISTRATIONS_PER_MINUTE_PER_ADDRESS: '1',
    EVENTLY_READS_PER_MINUTE: '2',
  });
  const person = await registerSomebody(service);
  const read = () =>
    send(service, 'GET', '/api/v1/users/profile', undefined, {
      token: person.accessToken,
      ...from('10.0.0.1'),
    });
  expect(statuses([await read(), await read(), await read()])).toEqual([200, 200, 429]);
  const register = (number: number) =>
    send(
      service,
      'POST',
      '/api/v1/auth/register',
      { email: `r${number}@example.com`, password: 'correct horse', name: 'R' },
      from('10.0.0.9'),
    );
  expect(statuses([await register(1), await register(2)])).toEqual([201, 429]);
});

test('guessing the password of a stolen session is limited', async () => {
  const service = await start({ USER_LOGINS_PER_MINUTE_PER_ACCOUNT: '2' });
  const person = await registerSomebody(service);
  const erase = () =>
    send(service, 'DELETE', '/api/v1/users/profile', { password: 'guess' }, { token: person.accessToken });
  expect(statuses([await erase(), await erase(), await erase()])).toEqual([403, 403, 429]);
});

test('load testing lifts the limits of accounts and not those of addresses', async () => {
  const service = await start({
    EVENTLY_LOAD_TEST: '1',
    USER_LOGINS_PER_MINUTE_PER_ACCOUNT: '1',
    USER_LOGINS_PER_MINUTE_PER_ADDRESS: '3',
  });
  const login = () =>
    send(
      service,
      'POST',
      '/api/v1/auth/login',
      { email: 'n@example.com', password: 'wrong one' },
      from('10.0.0.1'),
    );
  expect(statuses([await login(), await login(), await login(), await login()])).toEqual([
    401, 401, 401, 429,
  ]);
});

test('a login whose body names no account is refused for its body, as often as it comes', async () => {
  const service = await start({ USER_LOGINS_PER_MINUTE_PER_ACCOUNT: '1' });
  for (const body of [
    '{"email":',
    '{"email":',
    '[]',
    'null',
    '{"email":7,"password":"x"}',
    '{"email":"nobody","password":"x"}',
  ]) {
    expect((await send(service, 'POST', '/api/v1/auth/login', body)).status).toBe(400);
  }
  const twice = { email: 'n@example.com', password: 'wrong one' };
  const answers = [
    await send(service, 'POST', '/api/v1/auth/login', twice),
    await send(service, 'POST', '/api/v1/auth/login', twice),
  ];
  expect(statuses(answers)).toEqual([401, 429]);
});
