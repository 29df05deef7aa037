/** The fake provider: remembers what it took in tables of its own, and can be slow, fail, lie and repeat. */
import { createBatcher, endlessQueue, type Batcher } from '@evently/kit/batcher';
import { pause, type Clock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import type { Database } from '@evently/kit/postgres';
import { z } from 'zod';
import type { ProviderCharge } from '../domain/life.ts';
import { insertFakeEvent } from '../store/fake-events.ts';
import {
  findCharge,
  findFakeRefund,
  insertCharges,
  insertFakeRefund,
  lockCharge,
  voidCharge,
  type FakeCharge,
  type NewFakeCharge,
} from '../store/fake-provider.ts';
import { scriptOf, type FakeScript } from './fake-tokens.ts';
import type { CaptureRequest, PaymentProvider, RefundRequest } from './port.ts';

export const fakeProviderName = 'fake';
export const fakeSignatureHeader = 'x-fake-provider-signature';

export type FakeProviderDeps = {
  db: Database;
  clock: Clock;
  /** Time each capture takes, in milliseconds. */
  latencyMs: number;
  /** `needed`: a webhook only for charges that were not answered at once, and where a test token asks for one. */
  webhooks: 'needed' | 'all';
};

/** The body of a webhook of the fake. */
export const fakeEventBody = z.object({
  id: z.string().min(1).max(100),
  type: z.enum(['charge.updated', 'refund.updated']),
  mode: z.enum(['test', 'live']),
  object: z.object({
    key: z.uuid(),
    refund_id: z.uuid().nullable(),
    amount_minor: z.int().nullable(),
    currency: z.string().nullable(),
    status: z.string(),
  }),
});

const refundFailsAfterMs = 300;
const longestHangMs = 60_000;

type Captures = Batcher<NewFakeCharge, FakeCharge | null>;

const maxBatch = 256;

/** Captures that come together are one statement and one commit; each has its own answer. */
export function createFakeProvider(deps: FakeProviderDeps): PaymentProvider {
  const captures: Captures = createBatcher({
    name: 'capture',
    run: (_lane, charges) => insertCharges(deps.db, charges),
    maxBatch,
    ...endlessQueue,
  });
  return {
    name: fakeProviderName,
    mode: 'test',
    signatureHeader: fakeSignatureHeader,
    capture: (request, signal) => captureByScript(deps, captures, request, signal),
    retrieve: (key) => findCharge(deps.db, key),
    void: async (key) => {
      await voidCharge(deps.db, key);
      return present(await findCharge(deps.db, key), key);
    },
    refund: (request) => refundCharge(deps, request),
    retrieveRefund: (refundId) => findFakeRefund(deps.db, refundId),
    parseEvent: (rawBody) => {
      const event = parseFakeEvent(rawBody);
      if (event === null) return null;
      return { eventId: event.id, mode: event.mode, key: event.object.key, refundId: event.object.refund_id };
    },
  };
}

function parseFakeEvent(rawBody: string): z.output<typeof fakeEventBody> | null {
  try {
    return fakeEventBody.safeParse(JSON.parse(rawBody)).data ?? null;
  } catch {
    return null; // Not JSON: nothing the fake sent.
  }
}

async function captureByScript(
  deps: FakeProviderDeps,
  captures: Captures,
  request: CaptureRequest,
  signal: AbortSignal,
): Promise<ProviderCharge> {
  const script = scriptOf(request.token);
  if (deps.latencyMs > 0) await pause(deps.latencyMs, signal);
  if (script.outcome === null) return hang(signal);
  const submitted = await captures.submit('captures', {
    key: request.key,
    amountMinor: request.amountMinor,
    currency: request.currency,
    outcome: script.outcome,
    declineCode: script.declineCode,
    settlesAfterMs: script.settlesAfterMs,
    refundFails: script.refundFails,
  });
  if (submitted.kind !== 'done')
    throw new Error(`the fake provider did not take a charge: ${submitted.kind}`);
  const stored = submitted.result;
  if (stored !== null) await scheduleWebhook(deps, request, script);
  if (script.answer === 'none') return hang(signal);
  if (script.answer === 'http-500') throw new Error('the provider answered 500');
  const charge = stored ?? present(await findCharge(deps.db, request.key), request.key);
  return settled(deps, request.key, charge, signal);
}

/** Answers when the charge is no longer pending; whether it was voided meanwhile is read then. */
async function settled(
  deps: FakeProviderDeps,
  key: string,
  charge: FakeCharge,
  signal: AbortSignal,
): Promise<ProviderCharge> {
  if (charge.status !== 'pending') return charge;
  await pause(charge.settlesInMs + 1, signal);
  return present(await findCharge(deps.db, key), key);
}

async function hang(signal: AbortSignal): Promise<never> {
  await pause(longestHangMs, signal);
  throw new Error('the provider never answered');
}

function present(charge: FakeCharge | null, key: string): FakeCharge {
  if (charge === null) throw new Error(`the fake provider lost the charge ${key}`);
  return charge;
}

async function scheduleWebhook(
  deps: FakeProviderDeps,
  request: CaptureRequest,
  script: FakeScript,
): Promise<void> {
  const copies = deps.webhooks === 'all' ? Math.max(1, script.webhookCopies) : script.webhookCopies;
  if (copies === 0) return;
  await insertFakeEvent(deps.db, {
    id: newId(deps.clock.now().getTime()),
    key: request.key,
    refundId: null,
    claimedAmountMinor: script.webhookClaimsWrongAmount ? request.amountMinor + 1 : null,
    copies,
    afterMs: script.settlesAfterMs + script.webhookAfterMs,
  });
}

async function refundCharge(deps: FakeProviderDeps, request: RefundRequest) {
  await deps.db.transaction(async (client) => {
    const charge = await lockCharge(client, request.key);
    const fails = charge?.refundFails === true;
    await insertFakeRefund(client, {
      id: request.refundId,
      key: request.key,
      amountMinor: request.amountMinor,
      outcome: fails ? 'failed' : 'succeeded',
      settlesAfterMs: fails ? refundFailsAfterMs : 0,
    });
    if (!fails) return;
    await insertFakeEvent(client, {
      id: newId(deps.clock.now().getTime()),
      key: request.key,
      refundId: request.refundId,
      claimedAmountMinor: null,
      copies: 1,
      afterMs: refundFailsAfterMs,
    });
  });
  const refused = {
    status: 'failed',
    providerRefundId: `fake_${request.refundId}`,
    amountMinor: request.amountMinor,
    failureCode: 'charge_not_refundable',
  } as const;
  return (await findFakeRefund(deps.db, request.refundId)) ?? refused;
}
