/** A user service on a database of its own, with a stand-in for booking behind the caller's port. */
import { Hono } from 'hono';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { identityMigrations } from '@evently/identity/migrations';
import { createKeySource, createTokenVerifier } from '@evently/kit/auth';
import { createInProcessBus, type Bus } from '@evently/kit/bus';
import { createCaller } from '@evently/kit/caller';
import { systemClock } from '@evently/kit/clock';
import { readSettings } from '@evently/kit/config';
import { createLogger } from '@evently/kit/log';
import { createRequestMetrics } from '@evently/kit/metrics';
import { platformSettings } from '@evently/kit/platform';
import type { Service } from '@evently/kit/serve';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { createTestTokens, testAudience, testIssuers, type TestTokens } from '@evently/testkit/tokens';
import { readUserConfig } from '../src/config.ts';
import { userMigrations } from '../src/migrations.ts';
import { createUserService } from '../src/service.ts';

export const apiKey = 'an-api-key-of-the-tests';
const bookingDeadlineMs = 500;

export type UserServiceUnderTest = {
  service: Service;
  database: TestDatabase;
  /** Tokens of the administrators' issuer, which this service trusts but does not run. */
  foreign: TestTokens;
  bus: Bus;
  logs: string[];
  registry: Registry;
  /** Replaces what booking answers. */
  booking: { answer: (url: URL) => Response | Promise<Response> };
  close: () => Promise<void>;
};

/** Limits are off unless `env` switches one on, so that tests do not count each other. */
export async function startUserService(
  env: Readonly<Record<string, string>> = {},
): Promise<UserServiceUnderTest> {
  const database = await createTestDatabase([identityMigrations, userMigrations], { max: 8 });
  const settings = {
    EVENTLY_API_KEY: apiKey,
    EVENTLY_ACCEPTED_API_KEYS: `${apiKey},the-next-key-of-the-tests`,
    EVENTLY_READS_PER_MINUTE: '0',
    USER_DATABASE_URL: database.url,
    USER_LOGINS_PER_MINUTE_PER_ACCOUNT: '0',
    USER_LOGINS_PER_MINUTE_PER_ADDRESS: '0',
    USER_REGISTRATIONS_PER_MINUTE_PER_ADDRESS: '0',
    IDENTITY_SECRET: 'canary-secret of the tests, 32 or more',
    ...env,
  };
  const logs: string[] = [];
  const log = createLogger('user', 'debug', { write: (line: string) => void logs.push(line) });
  const booking = { answer: (_url: URL): Response | Promise<Response> => new Response('', { status: 503 }) };
  const bookingApp = new Hono().all('*', (c) => booking.answer(new URL(c.req.url)));
  const foreign = createTestTokens();
  const registry = new Registry();
  const bus = createInProcessBus(log);
  const ownKeys = createKeySource(
    async () => (await service.app.request('/.well-known/jwks.json')).json(),
    Date.now,
    log,
  );
  const service = createUserService({
    platform: readSettings(platformSettings, settings),
    config: readUserConfig(settings),
    db: database.db,
    relayDb: database.db,
    bus,
    log,
    clock: systemClock,
    registry,
    requestMetrics: createRequestMetrics(registry),
    bookingCaller: createCaller({
      baseUrl: 'http://booking',
      apiKey,
      fetch: bookingApp.fetch,
      deadlineMs: bookingDeadlineMs,
    }),
    verifier: withForeignAdministrators(
      createTokenVerifier(
        [{ issuer: testIssuers.user, audience: testAudience, role: 'user', keys: ownKeys }],
        Date.now,
      ),
      foreign,
    ),
  });
  await service.start();
  return {
    service,
    database,
    foreign,
    bus,
    logs,
    registry,
    booking,
    close: async () => {
      await service.stop();
      await database.drop();
    },
  };
}

function withForeignAdministrators(own: TestTokens['verifier'], foreign: TestTokens): TestTokens['verifier'] {
  return {
    verify: async (token) => {
      const admin = await foreign.verifier.verify(token);
      return admin?.role === 'admin' ? admin : own.verify(token);
    },
    verifyNow: (token) => {
      const admin = foreign.verifier.verifyNow(token);
      return admin?.role === 'admin' ? admin : own.verifyNow(token);
    },
    loadKeys: async () => [...(await foreign.verifier.loadKeys()), ...(await own.loadKeys())],
  };
}

export type Sent = { status: number; headers: Headers; body: Record<string, unknown>; text: string };
export type SendOptions = { token?: string; key?: string; headers?: Record<string, string> };

/** One request; a text body is sent as it is, anything else as JSON. */
export async function send(
  { service }: UserServiceUnderTest,
  method: string,
  path: string,
  body?: unknown,
  options: SendOptions = {},
): Promise<Sent> {
  const response = await service.app.request(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.key === undefined ? {} : { 'x-api-key': options.key }),
      ...options.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: z.record(z.string(), z.unknown()).parse(JSON.parse(text)),
    text,
  };
}

export type Person = {
  userId: string;
  email: string;
  password: string;
  accessToken: string;
  refreshToken: string;
};
const sessionSchema = z.object({ user_id: z.uuid(), access_token: z.string(), refresh_token: z.string() });

let people = 0;
/** Registers somebody new through the interface. */
export async function registerSomebody(under: UserServiceUnderTest): Promise<Person> {
  people += 1;
  const email = `somebody${people}@example.com`;
  const password = `correct horse ${people}`;
  const { body } = await send(under, 'POST', '/api/v1/auth/register', {
    email,
    password,
    name: `Somebody ${people}`,
  });
  const session = sessionSchema.parse(body);
  return {
    userId: session.user_id,
    email,
    password,
    accessToken: session.access_token,
    refreshToken: session.refresh_token,
  };
}

/** What every refusal must be: a problem document whose `error` repeats the detail. */
export function problem(status: number, code: string) {
  return {
    status,
    body: {
      status,
      code,
      error: expectText,
      detail: expectText,
      type: `/docs/problems/${code.replaceAll('_', '-')}`,
    },
  };
}
const expectText = {
  asymmetricMatch: (value: unknown): boolean => typeof value === 'string' && value !== '',
};
