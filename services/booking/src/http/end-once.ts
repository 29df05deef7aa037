/** Answers the routes by which a buyer ends a booking: once per idempotency key, a repeat from memory. */
import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { toMajor } from '@evently/contracts/money';
import type { ServiceEnv } from '@evently/kit/app';
import { principalOf } from '@evently/kit/guards';
import { fingerprintOf } from '@evently/kit/idempotency';
import type { Ended, EndQueue, EndRequest } from '../actions/end-own-bookings.ts';
import { answerRefusal } from './problems.ts';
import { cancelled } from './schemas.ts';

export type EndCall = Pick<EndRequest, 'how' | 'bookingId'> & {
  operation: string;
  key: string | undefined;
  message: string;
};

export async function endOnce(queue: EndQueue, c: Context<ServiceEnv>, call: EndCall) {
  const { how, bookingId, operation, key } = call;
  const { id: userId } = principalOf(c);
  const fingerprint = fingerprintOf(operation, null);
  const outcome = await queue.end({
    how,
    bookingId,
    userId,
    keyed: { principal: userId, operation, key, fingerprint },
    bodyOf: (ended) => JSON.stringify(viewOf(ended, call.message)),
  });
  if (!outcome.ok) return answerRefusal(c, outcome.refusal);
  if (outcome.replayed) c.header('idempotency-replayed', 'true');
  return c.json(cancelled.parse(JSON.parse(outcome.body)), 200);
}

/** An ending as its buyer sees it. */
function viewOf({ booking, refundMinor }: Ended, message: string): z.output<typeof cancelled> {
  const { currency } = booking;
  return {
    message,
    refund_status: refundMinor === 0 ? 'none' : 'pending',
    refund_amount: toMajor(refundMinor, currency),
    currency,
  };
}
