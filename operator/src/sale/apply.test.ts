/** Which sale booking is told of when two name one event, against a booking that keeps the rule of its fence. */
import { expect, test } from 'vitest';
import { systemClock } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { saleOf } from '../../test/plan-fixture.ts';
import type { ParsedEventSale } from '../api/parse-event-sale.ts';
import type { ArmRequest, BookingClient } from '../dataplane/booking.ts';
import { createEffects } from '../effects.ts';
import { createKnowledge } from '../knowledge.ts';
import { armSale, type ApplyDeps } from './apply.ts';
import type { Sale } from './model.ts';

const never = new AbortController().signal;
const log = createLogger('test', 'silent');

/** Takes a later epoch, and under the same one only the resource that it holds. */
function bookingThatHolds(first: ArmRequest): BookingClient & { stored: () => ArmRequest } {
  let stored = first;
  return {
    stored: () => stored,
    read: () => Promise.reject(new Error('nobody reads here')),
    disarm: () => Promise.reject(new Error('nobody disarms here')),
    arm: (_eventId, command) => {
      const { epoch, uid, generation } = stored;
      if (command.epoch < epoch || (command.epoch === epoch && command.uid !== uid))
        return Promise.resolve({ kind: 'stale', stored: { epoch, uid, generation } });
      stored = command;
      return Promise.resolve({ kind: 'failed', why: 'the answer is not looked at here' });
    },
  };
}

function depsOf(booking: BookingClient, sales: readonly Sale[]): ApplyDeps {
  const listed = sales.map((sale): ParsedEventSale => {
    const metadata = { ...sale, resourceVersion: '1', finalizers: [] };
    return { metadata, status: null, sale, faults: [] };
  });
  const lease = { assertHeld: () => {}, untilRenewed: () => Promise.resolve() };
  return {
    booking,
    world: { listSales: () => listed },
    knowledge: createKnowledge(0),
    api: { patchJson: () => Promise.reject(new Error('nobody patches here')) },
    effects: createEffects({ lease, log, observe: () => {} }),
    lease,
    clock: systemClock,
    log,
  };
}

function commandOf(sale: Sale, epoch: number): ArmRequest {
  const { uid, generation, opensAtMs, closesAtMs, intent } = sale;
  return { uid, generation, opensAtMs, closesAtMs, intent, epoch, warmsAtMs: opensAtMs };
}

// Creation has whole seconds: of two in one second, the one that was armed first may have the greater uid.
const seenFirst = saleOf({ name: 'first', uid: 'uid-z' });
const winner = saleOf({ name: 'second', uid: 'uid-a', intent: 'Stop' });

test('the winner of two sales of one second is told over the one that was armed before it was seen', async () => {
  const booking = bookingThatHolds(commandOf(seenFirst, 5));
  const deps = depsOf(booking, [seenFirst, winner]);
  await armSale(deps, winner, commandOf(winner, 5), 0, never);
  expect(booking.stored()).toMatchObject({ uid: winner.uid, intent: 'Stop', epoch: 6 });
});

test('a sale that does not win is not told over the one that does', async () => {
  const booking = bookingThatHolds(commandOf(winner, 5));
  const deps = depsOf(booking, [seenFirst, winner]);
  await armSale(deps, seenFirst, commandOf(seenFirst, 5), 0, never);
  expect(booking.stored()).toMatchObject({ uid: winner.uid, epoch: 5 });
  expect(deps.knowledge.troubles.get(seenFirst.uid)?.reason).toBe('StaleEpoch');
});
