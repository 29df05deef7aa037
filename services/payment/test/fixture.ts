/** A payment service on a fresh database whose timers a test turns by hand. */
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { createInProcessBus, type Bus, type Message } from '@evently/kit/bus';
import { systemClock } from '@evently/kit/clock';
import { readSettings } from '@evently/kit/config';
import { createLogger } from '@evently/kit/log';
import { createRequestMetrics } from '@evently/kit/metrics';
import { platformSettings } from '@evently/kit/platform';
import { openDatabase, type Database } from '@evently/kit/postgres';
import type { Service } from '@evently/kit/serve';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { createTestTokens, type TestTokens } from '@evently/testkit/tokens';
import { createAttemptBooks } from '../src/actions/attempt-books.ts';
import type { PaymentActionDeps } from '../src/actions/deps.ts';
import { reconcile } from '../src/actions/reconcile.ts';
import { readPaymentConfig } from '../src/config.ts';
import { signBody } from '../src/domain/signature.ts';
import { createPaymentMetrics } from '../src/metrics.ts';
import { paymentMigrations } from '../src/migrations.ts';
import { createFakeProvider, fakeSignatureHeader } from '../src/provider/fake.ts';
import { scriptOf } from '../src/provider/fake-tokens.ts';
import { deliverDueWebhooks } from '../src/provider/fake-webhooks.ts';
import { createPaymentService } from '../src/service.ts';
import { verifyPayments } from '../src/store/verify.ts';

export const apiKey = 'test-api-key-of-payment';
export const webhookSecrets = ['webhook-secret-of-today', 'webhook-secret-of-before'];
/** How long a card is waited for that never answers, or later than this; any other answers however slow a machine is. */
const silenceMs = 600;
const patienceMs = 20_000;

export type Answer = { status: number; body: Record<string, unknown>; headers: Headers };
type CallOptions = { token?: string; body?: unknown; headers?: Record<string, string> };

export type Fixture = {
  database: TestDatabase;
  service: Service;
  tokens: TestTokens;
  bus: Bus;
  actions: PaymentActionDeps;
  call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  internal: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** Takes money with a token; the booking is new unless `fields` name one. */
  pay: (token: string, fields?: Record<string, unknown>) => Promise<Answer>;
  webhook: (body: unknown, options?: { secret?: string; atSeconds?: number }) => Promise<Answer>;
  /** Makes everything due and runs one round of the reconciler. */
  reconcileNow: (options?: { graceMs?: number }) => Promise<number>;
  /** Makes every webhook of the fake due and delivers it; answers how many events were tried. */
  deliverNow: () => Promise<number>;
  /** What was written to the outbox about a booking, in order. */
  sent: (bookingId: string) => Promise<{ type: string; payload: Record<string, unknown> }[]>;
  broken: () => Promise<string[]>;
  close: () => Promise<void>;
};

export function orderOf(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    booking_id: randomUUID(),
    event_id: randomUUID(),
    user_id: randomUUID(),
    attempt: 1,
    amount_minor: 49_950,
    currency: 'INR',
    payment_token: 'tok_any',
    payment_method: 'card',
    ...fields,
  };
}

export function actionsOn(db: Database, deadlineMs: number): PaymentActionDeps {
  const clock = systemClock;
  const metrics = createPaymentMetrics(new Registry());
  return {
    db,
    books: createAttemptBooks({ db, metrics }),
    clock,
    provider: createFakeProvider({ db, clock, latencyMs: 0, webhooks: 'needed' }),
    providerDeadlineMs: deadlineMs,
    log: createLogger('test', 'silent'),
    metrics,
  };
}

/** `deadlineMs` is every card's; without it a silent one has another deadline than the others. */
export async function createFixture(
  options: { env?: Record<string, string>; deadlineMs?: number; logLines?: string[] } = {},
): Promise<Fixture> {
  const { env = {}, deadlineMs = patienceMs } = options;
  const database = await createTestDatabase([paymentMigrations], { max: 8 });
  const { db } = database;
  const tokens = createTestTokens();
  const { logLines } = options;
  const log =
    logLines === undefined
      ? createLogger('test', 'silent')
      : createLogger('test', 'trace', { write: (line) => void logLines.push(line) });
  const relayDb = openDatabase({ url: database.url, name: 'relay', max: 1, log });
  const bus = createInProcessBus(log);
  const serviceWith = (ms: number): Service => {
    const registry = new Registry();
    return createPaymentService({
      platform: readSettings(platformSettings, {
        EVENTLY_API_KEY: apiKey,
        EVENTLY_ACCEPTED_API_KEYS: apiKey,
        EVENTLY_READS_PER_MINUTE: '0',
        ...env,
      }),
      config: readPaymentConfig({
        PAYMENT_DATABASE_URL: database.url,
        PAYMENT_WEBHOOK_SECRETS: webhookSecrets.join(','),
        PAYMENT_PROVIDER_DEADLINE_MS: String(ms),
        ...env,
      }),
      db,
      relayDb,
      bus,
      log,
      clock: systemClock,
      registry,
      requestMetrics: createRequestMetrics(registry),
      verifier: tokens.verifier,
    });
  };
  // Two pods of one service; messages are the first one's.
  const service = serviceWith(deadlineMs);
  const impatient = options.deadlineMs === undefined ? serviceWith(silenceMs) : service;
  const actions = actionsOn(db, deadlineMs);
  const call = callerOf(service);
  const callSilent = callerOf(impatient);
  const internal: Fixture['internal'] = (method, path, body) =>
    (isSilent(body) ? callSilent : call)(method, path, {
      headers: { 'x-api-key': apiKey },
      ...(body === undefined ? {} : { body }),
    });
  return {
    database,
    service,
    tokens,
    bus,
    actions,
    call,
    internal,
    pay: (token, fields = {}) =>
      internal('POST', '/internal/payments', orderOf({ payment_token: token, ...fields })),
    webhook: (body, { secret = webhookSecrets[0] ?? '', atSeconds = Date.now() / 1000 } = {}) => {
      const rawBody = typeof body === 'string' ? body : JSON.stringify(body);
      const signature = signBody(secret, rawBody, Math.floor(atSeconds));
      return call('POST', '/webhooks/fake', {
        body: rawBody,
        headers: { [fakeSignatureHeader]: signature, 'content-type': 'application/json' },
      });
    },
    reconcileNow: (given = {}) => reconcileNow(actions, given.graceMs ?? 10_000),
    deliverNow: () => deliverNow(service, db),
    sent: (bookingId) => readOutbox(db, bookingId),
    broken: async () =>
      (await verifyPayments(db)).flatMap((check) =>
        check.violations.rows.map((row) => `${check.invariant}: ${row}`),
      ),
    close: async () => {
      await service.stop();
      await relayDb.close();
      await database.drop();
    },
  };
}

export async function reconcileNow(actions: PaymentActionDeps, graceMs: number): Promise<number> {
  await actions.db.query(
    'update payments set next_check_at = clock_timestamp() where next_check_at is not null',
  );
  await actions.db.query(
    'update refunds set next_check_at = clock_timestamp() where next_check_at is not null',
  );
  return reconcile({ ...actions, notFoundGraceMs: graceMs, isStopping: () => false });
}

async function deliverNow(service: Service, db: Database): Promise<number> {
  await db.query('update fake_provider_events set deliver_at = clock_timestamp() where ended_at is null');
  return deliverDueWebhooks({
    db,
    clock: systemClock,
    log: createLogger('test', 'silent'),
    secret: webhookSecrets[0] ?? '',
    deliverWebhook: async (body, headers) =>
      (await service.app.request('/webhooks/fake', { method: 'POST', body, headers: { ...headers } })).status,
  });
}

function isSilent(body: unknown): boolean {
  const token = tokenSchema.safeParse(body).data?.payment_token;
  if (token === undefined) return false;
  const { answer, settlesAfterMs } = scriptOf(token);
  return answer === 'none' || settlesAfterMs > silenceMs;
}

const tokenSchema = z.object({ payment_token: z.string() });
const bodySchema = z.record(z.string(), z.unknown());

function callerOf(service: Service): Fixture['call'] {
  return async (method, path, options = {}) => {
    const { body, token, headers } = options;
    const response = await service.app.request(path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return {
      status: response.status,
      body: bodySchema.parse(await response.json()),
      headers: response.headers,
    };
  };
}

async function readOutbox(db: Database, bookingId: string): ReturnType<Fixture['sent']> {
  const { rows } = await db.query<{ type: string; payload: Record<string, unknown> }>(
    'select type, payload from outbox where key = $1 order by position',
    [bookingId],
  );
  return rows;
}

/** A message as the relay would hand it over. */
export function messageOf(type: string, payload: Record<string, unknown>, attempt = 1): Message {
  const key = String(payload['booking_id'] ?? payload['user_id'] ?? '');
  return { id: randomUUID(), topic: 'booking', key, type, payload, createdAt: new Date(), attempt };
}
