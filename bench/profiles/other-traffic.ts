/** What goes on beside a hot sale: reservations of other events, reads, confirmations, cancellations. */
import { z } from 'zod';
import { createLatencyRecorder, type LatencyRecorder } from 'evently/generator/latency';
import { runOpenLoop, type Answer } from 'evently/generator/open-loop';
import { createRandom } from 'evently/generator/poisson';
import { requestBytes, type PreparedRequest, type Target } from 'evently/generator/request-bytes';
import { gatewayReservePath } from '../bench.ts';
import type { Besides } from '../result.ts';

export type OtherTraffic = {
  target: Target;
  /** Events that are not hot. */
  eventIds: readonly string[];
  /** Buyers of those events, one for each arrival at most. */
  tokens: readonly string[];
  perSecond: number;
  count: number;
  seed: number;
};

type Kind = 'reserve' | 'availability' | 'booking' | 'confirm' | 'cancel';
type Held = { reservationId: string; token: string };
type Sent = { kind: Kind; token: string };

// Shares of the arrivals, up to 1. What would act on a reservation reads availability while there is none.
const shares: readonly (readonly [Kind, number])[] = [
  ['reserve', 0.35],
  ['availability', 0.65],
  ['booking', 0.75],
  ['confirm', 0.9],
  ['cancel', 1],
];
const connections = 128;
const deadlineMs = 20_000;
const bookings = '/api/booking/bookings';
const reservation = z.object({ reservation_id: z.string() });

/** Poisson-like in kind, even in time; reservations that nobody confirms or cancels expire. */
export async function runOtherTraffic(plan: OtherTraffic): Promise<Record<string, Besides>> {
  const random = createRandom(plan.seed);
  const held: Held[] = [];
  const sent: Sent[] = [];
  const counts = new Map<Kind, { answers: Map<string, number>; latency: LatencyRecorder }>();

  function requestOf(index: number): Buffer {
    const roll = random();
    const wanted = shares.find(([, upTo]) => roll < upTo)?.[0] ?? 'availability';
    const one = wanted === 'reserve' || wanted === 'availability' ? undefined : held.shift();
    const kind = one === undefined && wanted !== 'reserve' ? 'availability' : wanted;
    const token = one?.token ?? plan.tokens[index % plan.tokens.length] ?? '';
    const eventId = plan.eventIds[Math.floor(random() * plan.eventIds.length)] ?? '';
    sent[index] = { kind, token };
    if (kind === 'booking' && one !== undefined) held.push(one);
    return requestBytes(plan.target, requestFor(kind, token, eventId, one?.reservationId ?? '', index));
  }

  function onAnswer({ index, latencyMs, outcome }: Answer): void {
    const asked = sent[index];
    if (asked === undefined) return;
    const status = outcome.kind === 'answered' ? String(outcome.response.status) : outcome.kind;
    const count = counts.get(asked.kind) ?? { answers: new Map(), latency: createLatencyRecorder() };
    counts.set(asked.kind, count);
    count.answers.set(status, (count.answers.get(status) ?? 0) + 1);
    count.latency.record(latencyMs);
    if (asked.kind !== 'reserve' || outcome.kind !== 'answered' || outcome.response.status !== 200) return;
    const { reservation_id } = reservation.parse(JSON.parse(outcome.response.body.toString()));
    held.push({ reservationId: reservation_id, token: asked.token });
  }

  const { target, count, perSecond } = plan;
  await runOpenLoop({
    target,
    count,
    ratePerSecond: perSecond,
    connections,
    deadlineMs,
    requestOf,
    onAnswer,
  });
  return Object.fromEntries(
    [...counts].map(([kind, { answers, latency }]) => [
      kind,
      { answers: Object.fromEntries(answers), latency: latency.summary() },
    ]),
  );
}

function requestFor(
  kind: Kind,
  token: string,
  eventId: string,
  reservationId: string,
  index: number,
): PreparedRequest {
  switch (kind) {
    case 'reserve':
      return {
        method: 'POST',
        path: gatewayReservePath,
        token,
        body: { event_id: eventId, quantity: 1, idempotency_key: `mixed ${eventId} ${index}` },
      };
    case 'availability':
      return { method: 'GET', path: `${bookings}/check-availability?event_id=${eventId}&quantity=1` };
    case 'booking':
      return { method: 'GET', path: `${bookings}/${reservationId}`, token };
    case 'confirm':
      return {
        method: 'POST',
        path: `${bookings}/confirm`,
        token,
        body: { reservation_id: reservationId, payment_token: 'tok_bench', payment_method: 'card' },
      };
    case 'cancel':
      return { method: 'DELETE', path: `${bookings}/${reservationId}`, token };
  }
}

/** Answers that no client should get, whatever it asked: one sentence each. */
export function otherFaults(besides: Readonly<Record<string, Besides>>): string[] {
  return Object.entries(besides).flatMap(([kind, { answers }]) =>
    Object.entries(answers)
      .filter(([status]) => !/^[24]/.test(status) || status === '400' || status === '401')
      .map(([status, count]) => `${count} x ${status} to ${kind}`),
  );
}
