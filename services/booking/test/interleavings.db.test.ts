import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFixture, specOf, type Fixture } from './fixture.ts';

// Raise it for a longer search: EVENTLY_PROPERTY_RUNS=1000 make test
const runs = Number(process.env['EVENTLY_PROPERTY_RUNS'] ?? '20');
const buyers = 4;

let f: Fixture;
let tokens: { id: string; token: string }[];
beforeAll(async () => {
  f = await createFixture({ BOOKING_HOLD_SECONDS: '600' });
  tokens = await Promise.all(
    Array.from({ length: buyers }, async () => {
      const id = randomUUID();
      return { id, token: await f.tokens.user(id) };
    }),
  );
});
afterAll(() => f.close());

type Step =
  | { verb: 'reserve'; buyer: number; tier: number; quantity: number; key: number; both: boolean }
  | { verb: 'confirm'; pick: number; outcome: 'succeeded' | 'declined' | 'unknown' }
  | { verb: 'cancel' | 'return' | 'lapse' | 'late-money'; pick: number }
  | { verb: 'join'; buyer: number; tier: number; quantity: number }
  | { verb: 'leave'; buyer: number }
  | { verb: 'capacity'; tier: number; capacity: number }
  | { verb: 'block' | 'unblock'; quantity: number };

const buyer = fc.nat(buyers - 1);
const tier = fc.nat(1);
const pick = fc.nat(50);
const quantity = fc.integer({ min: 1, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      verb: fc.constant('reserve' as const),
      buyer,
      tier,
      quantity,
      key: fc.nat(5),
      both: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constant('confirm' as const),
      pick,
      outcome: fc.constantFrom('succeeded' as const, 'declined' as const, 'unknown' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      verb: fc.constantFrom('cancel' as const, 'return' as const, 'lapse' as const, 'late-money' as const),
      pick,
    }),
  },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('join' as const), buyer, tier, quantity }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('leave' as const), buyer }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('capacity' as const), tier, capacity: fc.nat(8) }) },
  {
    weight: 1,
    arbitrary: fc.record({ verb: fc.constantFrom('block' as const, 'unblock' as const), quantity }),
  },
);
/** Steps of one round run at the same time. */
const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 });

type World = {
  eventId: string;
  tierIds: string[];
  capacities: number[];
  answers: Map<string, { asked: string; body: unknown }>;
  bookings: { id: string; buyer: number }[];
};

async function take(world: World, act: Step): Promise<void> {
  const booking = 'pick' in act ? world.bookings[act.pick % Math.max(1, world.bookings.length)] : undefined;
  const token = tokens['buyer' in act ? act.buyer : (booking?.buyer ?? 0)]?.token ?? '';
  switch (act.verb) {
    case 'reserve':
      return reserve(world, act, token);
    case 'confirm':
      if (booking === undefined) return;
      f.payments.next = act.outcome;
      await expectKnown(
        f.call('POST', '/api/v1/bookings/confirm', {
          token,
          body: { reservation_id: booking.id, payment_token: 't', payment_method: 'card' },
        }),
      );
      return;
    case 'cancel':
      if (booking !== undefined)
        await expectKnown(f.call('DELETE', `/api/v1/bookings/${booking.id}`, { token }));
      return;
    case 'return':
      if (booking !== undefined)
        await expectKnown(f.call('POST', `/api/v1/bookings/${booking.id}/expire`, { token }));
      return;
    case 'lapse':
      if (booking === undefined) return;
      await f.database.db.query(
        "update bookings set expires_at = clock_timestamp() where id = $1 and status = 'pending'",
        [booking.id],
      );
      await expectKnown(f.internal('POST', '/internal/bookings/expire-reservations'));
      return;
    case 'late-money':
      if (booking !== undefined) await settle(world, booking.id);
      return;
    case 'join':
      await expectKnown(
        f.call('POST', '/api/v1/waitlist/join', {
          token,
          body: { event_id: world.eventId, tier_id: world.tierIds[act.tier], quantity: act.quantity },
        }),
      );
      return;
    case 'leave':
      await expectKnown(
        f.call('DELETE', '/api/v1/waitlist/leave', { token, body: { event_id: world.eventId } }),
      );
      return;
    case 'capacity':
      world.capacities[act.tier] = act.capacity;
      await expectKnown(f.internal('PUT', `/internal/inventory/${world.eventId}`, spec(world)));
      return;
    case 'block':
    case 'unblock': {
      const stock = await f.internal('GET', `/internal/inventory?event_ids=${world.eventId}`);
      const [inventory] = Array.isArray(stock.body['inventories']) ? stock.body['inventories'] : [];
      await expectKnown(
        f.internal('POST', `/internal/inventory/${world.eventId}/${act.verb}`, {
          quantity: act.quantity,
          version: inventory.stock_version,
        }),
      );
    }
  }
}

async function expectKnown(
  answer: ReturnType<Fixture['call']> | ReturnType<Fixture['internal']>,
): Promise<void> {
  const { status, body } = await answer;
  expect(status, JSON.stringify(body)).toBeLessThan(500);
}

async function reserve(world: World, act: Step & { verb: 'reserve' }, token: string): Promise<void> {
  const items = (act.both ? [0, 1] : [act.tier]).map((at) => ({
    tier_id: world.tierIds[at],
    quantity: act.quantity,
  }));
  const key = `key ${act.key}`;
  const answer = await f.call('POST', '/api/v1/bookings/reserve', {
    token,
    body: { event_id: world.eventId, items, idempotency_key: key },
  });
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500);
  const name = `${act.buyer} ${key}`;
  const before = world.answers.get(name);
  const asked = JSON.stringify(items);
  if (before !== undefined && answer.status === 200) expect({ asked, body: answer.body }).toEqual(before);
  if (before !== undefined && before.asked !== asked) expect(answer.status).toBe(422);
  if (before !== undefined && before.asked === asked) expect(answer.status).toBe(200);
  if (before === undefined && answer.status === 200) {
    world.answers.set(name, { asked, body: answer.body });
    world.bookings.push({ id: String(answer.body['reservation_id']), buyer: act.buyer });
  }
}

function settle(world: World, bookingId: string): Promise<void> {
  return f.bus.publish({
    id: randomUUID(),
    topic: 'payment',
    key: bookingId,
    type: 'payment.settled',
    createdAt: new Date(),
    attempt: 1,
    payload: {
      payment_id: randomUUID(),
      booking_id: bookingId,
      event_id: world.eventId,
      attempt: 1,
      status: 'succeeded',
      transaction_id: 't',
      amount_minor: 1,
      currency: 'INR',
    },
  });
}

let revision = 10_000;
function spec(world: World) {
  revision += 1;
  const tiers = world.tierIds.map((tier_id, at) => ({
    tier_id,
    name: `T${at}`,
    capacity: world.capacities[at] ?? 0,
    price_minor: at * 1_000,
  }));
  return { ...specOf(1, revision), max_per_booking: 6, max_per_buyer: 4, tiers };
}

test('any interleaving of what buyers, clocks, payments and editors do keeps the books', async () => {
  await fc.assert(
    fc.asyncProperty(rounds, async (plan) => {
      const world: World = {
        eventId: randomUUID(),
        tierIds: [randomUUID(), randomUUID()],
        capacities: [3, 2],
        answers: new Map(),
        bookings: [],
      };
      expect((await f.internal('PUT', `/internal/inventory/${world.eventId}`, spec(world))).status).toBe(200);
      for (const round of plan) {
        await Promise.all(round.map((act) => take(world, act)));
        expect(await f.broken()).toEqual([]);
      }
    }),
    { numRuns: runs, verbose: 1 },
  );
}, 600_000);
