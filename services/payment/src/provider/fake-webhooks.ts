/** Sends the fake provider's webhooks: signed, repeated until they are accepted, in no promised order. */
import { startTicker, type Clock, type Ticker } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { isDatabaseUnavailable, type Database } from '@evently/kit/postgres';
import type { z } from 'zod';
import { signBody } from '../domain/signature.ts';
import { claimDueEvents, endFakeEvent, type DueFakeEvent } from '../store/fake-events.ts';
import { findCharge, findFakeRefund } from '../store/fake-provider.ts';
import { fakeSignatureHeader, type fakeEventBody } from './fake.ts';

/** Hands a webhook to `POST /webhooks/fake`, wherever that is; answers the status. */
export type DeliverWebhook = (rawBody: string, headers: Readonly<Record<string, string>>) => Promise<number>;

export type FakeWebhookDeps = {
  db: Database;
  clock: Clock;
  log: Logger;
  deliverWebhook: DeliverWebhook;
  /** The first of the receiver's secrets. */
  secret: string;
};

const batchSize = 20;
const maxRounds = 50;
const maxDeliveries = 15;
const everyMs = 250;

/** Delivers what is due; answers how many events were tried. */
export async function deliverDueWebhooks(deps: FakeWebhookDeps): Promise<number> {
  let tried = 0;
  for (let round = 0; round < maxRounds; round += 1) {
    const events = await claimDueEvents(deps.db, batchSize);
    for (const event of events) await deliver(deps, event);
    tried += events.length;
    if (events.length < batchSize) break;
  }
  return tried;
}

/** Delivers every quarter of a second until stopped. */
export function startFakeWebhooks(deps: FakeWebhookDeps): Ticker {
  return startTicker(everyMs, async () => {
    await deliverDueWebhooks(deps).catch((error: unknown) => {
      if (!isDatabaseUnavailable(error))
        deps.log.error({ err: error }, 'the fake provider could not send webhooks');
    });
  });
}

async function deliver(deps: FakeWebhookDeps, event: DueFakeEvent): Promise<void> {
  const rawBody = JSON.stringify(await bodyOf(deps.db, event));
  const nowSeconds = Math.floor(deps.clock.now().getTime() / 1000);
  const headers = {
    'content-type': 'application/json',
    [fakeSignatureHeader]: signBody(deps.secret, rawBody, nowSeconds),
  };
  let accepted = true;
  for (let copy = 0; copy < event.copies; copy += 1) {
    const status = await deps.deliverWebhook(rawBody, headers).catch(() => 0);
    accepted &&= status >= 200 && status < 300;
  }
  if (accepted || event.attempts >= maxDeliveries) await endFakeEvent(deps.db, event.id);
}

async function bodyOf(db: Database, event: DueFakeEvent): Promise<z.output<typeof fakeEventBody>> {
  const charge = await findCharge(db, event.key);
  const refund = event.refundId === null ? null : await findFakeRefund(db, event.refundId);
  return {
    id: event.id,
    type: event.refundId === null ? 'charge.updated' : 'refund.updated',
    mode: 'test',
    object: {
      key: event.key,
      refund_id: event.refundId,
      amount_minor: event.claimedAmountMinor ?? refund?.amountMinor ?? charge?.amountMinor ?? null,
      currency: charge?.currency ?? null,
      status: refund?.status ?? charge?.status ?? 'unknown',
    },
  };
}
