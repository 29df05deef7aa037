/** Reserving as most buyers ask for it, answered in front of the application; its route answers all else. */
import type { IncomingHttpHeaders } from 'node:http';
import type { DirectAnswer, DirectCall, DirectRoute } from '@evently/kit/direct';
import type { RequestLimit } from '@evently/kit/guards';
import type { TokenVerifier } from '@evently/kit/auth';
import type { ReserveInput, ReserveQueue } from '../actions/reserve-seats.ts';
import { problemOf } from './problems.ts';
import { maxQuantity } from './schemas.ts';
import { reservationView } from './views.ts';

export const reservePath = '/api/v1/bookings/reserve';

export type ReserveDirectDeps = { queue: ReserveQueue; verifier: TokenVerifier; limit: RequestLimit | null };

type Order = Pick<ReserveInput, 'eventId' | 'key' | 'lines'>;

/**
 * One line of one tier with a plain key. What is read here is a part of what `reserveBody` takes, with the same
 * meaning, so that an answer does not tell which of the two read the request.
 */
export function reserveDirectly({ queue, verifier, limit }: ReserveDirectDeps): DirectRoute {
  return {
    path: reservePath,
    verifier,
    limit,
    read: (body, headers) => {
      const order = readOrder(body, headers);
      return order === null ? null : (call) => reserve(queue, order, call);
    },
  };
}

async function reserve(queue: ReserveQueue, order: Order, call: DirectCall): Promise<DirectAnswer> {
  const { eventId, key, lines } = order;
  const { principal, isAbandoned, refuse } = call;
  const outcome = await queue.reserve({ eventId, key, lines, userId: principal.id, isAbandoned });
  if (!outcome.ok) {
    return 'abandoned' in outcome ? { status: 499, body: '' } : refuse(problemOf(outcome.refusal));
  }
  const body = JSON.stringify(reservationView(outcome.booking));
  return outcome.replayed
    ? { status: 200, headers: { 'idempotency-replayed': 'true' }, body }
    : { status: 200, body };
}

const fields = new Set(['event_id', 'quantity', 'tier_id', 'idempotency_key']);
// RFC 9562 in the one spelling that ids have here; any other is for the schema.
const idForm = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
// Printable ASCII; a key in quotation marks has another meaning in its header.
const plainKey = /^[ !#-~][ -~]{0,254}$/;

function readOrder(body: unknown, headers: IncomingHttpHeaders): Order | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  const given: Readonly<Record<string, unknown>> = { ...body };
  for (const field of Object.keys(given)) if (!fields.has(field)) return null;
  const { event_id: eventId, quantity, tier_id: tierId, idempotency_key: inBody } = given;
  const key = headers['idempotency-key'] ?? inBody;
  if (!isId(eventId) || !isPlainKey(key) || (inBody !== undefined && !isPlainKey(inBody))) return null;
  if (typeof quantity !== 'number' || !Number.isInteger(quantity)) return null;
  if (quantity < 1 || quantity > maxQuantity) return null;
  if (tierId !== undefined && !isId(tierId)) return null;
  return { eventId, key, lines: [{ tierId: tierId ?? null, quantity }] };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && idForm.test(value);
}
function isPlainKey(value: unknown): value is string {
  return typeof value === 'string' && plainKey.test(value);
}
