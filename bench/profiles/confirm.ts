/** Buyers pay: reservations made beforehand are confirmed through the gateway, with the fake provider. */
import { runMaximum } from 'evently/generator/closed-loop';
import { requestBytes } from 'evently/generator/request-bytes';
import { gatewayReservePath, platformPlace, stage, targetOf, type Bench } from '../bench.ts';
import { reservationIdOf } from '../collect-answers.ts';
import { prepareReservations } from '../requests.ts';
import type { Arrivals, CallResult } from '../result.ts';
import { runCalls } from '../run-calls.ts';
import type { Profile } from './profile.ts';
import { maximumTitle, openLoopTitle } from './titles.ts';

const profile = 'confirm';
const confirmPath = '/api/booking/bookings/confirm';
const reserveConnections = 128;
const reserveDeadlineMs = 20_000;

export const confirm: Profile = {
  name: profile,
  about: 'confirmations with the fake provider, at a rate and as the maximum of a closed loop',
  settings: () => null,
  measure: async (bench, run) => {
    const { warmUp, buyers, connections, perSecond, seconds } = bench.sizes.confirm;
    const maximum = { kind: 'maximum', connections } as const;
    const early = { run: 0, variant: 'warm-up', buyers: warmUp, arrivals: maximum, settleMs: 0 };
    if (warmUp > 0) await confirmAll(bench, early);
    const { settleMs } = bench.sizes;
    const even = { kind: 'even', perSecond } as const;
    return [
      await confirmAll(bench, {
        run,
        variant: openLoopTitle,
        buyers: perSecond * seconds,
        arrivals: even,
        settleMs,
      }),
      await confirmAll(bench, { run, variant: maximumTitle, buyers, arrivals: maximum, settleMs }),
    ];
  },
};

type ConfirmPlan = { run: number; variant: string; buyers: number; arrivals: Arrivals; settleMs: number };

/** Reserves a seat for everyone, outside the measurement, and confirms them all. */
async function confirmAll(bench: Bench, plan: ConfirmPlan): Promise<CallResult> {
  bench.say(`${profile}: ${plan.variant}, run ${plan.run}`);
  const target = targetOf(bench.platform.runtime.gateway.url);
  const held = await reserveAll(bench, plan.buyers);
  const requests = held.map(({ token, reservationId }) =>
    requestBytes(target, {
      method: 'POST',
      path: confirmPath,
      token,
      body: { reservation_id: reservationId, payment_token: 'tok_bench', payment_method: 'card' },
    }),
  );
  return runCalls(
    { ...platformPlace(bench), batchKind: 'settle' },
    { ...plan, profile, call: 'confirm', requests },
  );
}

async function reserveAll(
  bench: Bench,
  buyers: number,
): Promise<readonly { token: string; reservationId: string }[]> {
  const target = targetOf(bench.platform.runtime.gateway.url);
  const eventId = await stage(bench, 'Bench confirm', buyers);
  const tokens = await bench.tokens.take(bench.platform.runtime.pid, buyers);
  const path = gatewayReservePath;
  const requests = prepareReservations({ target, path, eventId, tokens, quantityOf: () => 1 });
  const held: { token: string; reservationId: string }[] = [];
  await runMaximum({
    target,
    count: buyers,
    connections: Math.min(buyers, reserveConnections),
    deadlineMs: reserveDeadlineMs,
    requestOf: (index) => requests[index] ?? Buffer.alloc(0),
    onAnswer: ({ index, outcome }) => {
      const token = tokens[index];
      if (token === undefined || outcome.kind !== 'answered' || outcome.response.status !== 200) return;
      held.push({ token, reservationId: reservationIdOf(outcome.response.body) });
    },
  });
  if (held.length === buyers) return held;
  throw new Error(`only ${held.length} of ${buyers} reservations could be made before they are confirmed`);
}
