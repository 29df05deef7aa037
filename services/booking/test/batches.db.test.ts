import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { monotonicMs, systemClock } from '@evently/kit/clock';
import { beginAll, createPayingQueue } from '../src/actions/begin-paying.ts';
import { createEndQueue, endAll, type EndOwnDeps, type EndRequest } from '../src/actions/end-own-bookings.ts';
import { createBookingLookUp } from '../src/actions/look-up-bookings.ts';
import { settleBatch, type SettleDeps } from '../src/actions/settle-payments.ts';
import { createTicketCodes } from '../src/actions/ticket-codes.ts';
import type { Booking } from '../src/domain/booking.ts';
import { createBookingMetrics } from '../src/metrics.ts';
import { actsOf, type Acts, type Buyer } from './buyers.ts';
import { createFixture, type Fixture } from './fixture.ts';

let f: Fixture;
let acts: Acts;
let deps: SettleDeps & EndOwnDeps;
let who: Buyer;
const leaseSeconds = 30;
const limits = { maxBatch: 256, maxQueueSeconds: 1, minQueue: 1_000, maxQueue: 1_000 };
beforeAll(async () => {
  f = await createFixture();
  acts = actsOf(f);
  const { db } = f.database;
  deps = {
    db,
    clock: systemClock,
    writer: randomUUID(),
    tickets: createTicketCodes('a secret of thirty-two characters'),
    offers: { offerSeconds: 60 },
    committed: () => undefined,
    metrics: createBookingMetrics({ registry: new Registry(), nowMs: monotonicMs, waiting: () => 0 }),
    settle: { maxBatch: 256, unknownCheckSeconds: 60 },
    lookUp: createBookingLookUp(db, limits),
    ending: limits,
  };
});
beforeEach(async () => {
  who = await acts.buyer();
});
afterAll(() => f.close());
afterEach(async () => expect(await f.broken()).toEqual([]));

const reserveSome = (eventId: string, count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => acts.reserve(eventId, who)));
const ask = (bookingId: string, userId = who.id) => ({ bookingId, userId, paymentMethod: 'card' });
const begin = (eventId: string, ids: readonly string[]): Promise<(Booking | null)[]> =>
  beginAll(
    f.database.db,
    eventId,
    ids.map((id) => ask(id)),
    leaseSeconds,
  );
const statusOf = async (id: string): Promise<unknown> => (await acts.look(id, who))['status'];
async function ticketsOf(id: string): Promise<number | null> {
  return (await f.database.db.query('select 1 from tickets where booking_id = $1', [id])).rowCount;
}
const money = { status: 'succeeded', attempt: 1, transactionId: 't' } as const;

test('a batch of confirmations begins those that may, each once, and no other', async () => {
  const { eventId } = await f.publish({ capacity: 20 });
  const [plain = '', lapsed = '', twice = '', strange = ''] = await reserveSome(eventId, 4);
  await acts.lapse(lapsed);
  const stranger = randomUUID();
  const begun = await beginAll(
    f.database.db,
    eventId,
    [
      ask(plain),
      ask(lapsed),
      ask(twice),
      ask(twice),
      ask(strange, stranger),
      ask(strange),
      ask(randomUUID()),
    ],
    leaseSeconds,
  );
  expect(begun.map((booking) => booking?.id ?? null)).toEqual([
    plain,
    null,
    twice,
    null,
    null,
    strange,
    null,
  ]);
  expect(begun[0]).toMatchObject({ status: 'paying', attempt: 1, revision: 2 });
  expect(await begin(eventId, [plain, twice])).toEqual([null, null]);
  await settleBatch(
    deps,
    eventId,
    [plain, twice, strange].map((id) => ({
      booking: { id, eventId },
      outcome: { status: 'void', attempt: 1 },
    })),
  );
  await acts.cancel(lapsed, who);
});

test('no booking of a cancelled event begins', async () => {
  const { eventId } = await f.publish();
  const ids = await reserveSome(eventId, 2);
  await f.database.db.query(
    "update event_sales set status = 'cancelled', sells_until = '-infinity' where event_id = $1",
    [eventId],
  );
  expect(await begin(eventId, ids)).toEqual([null, null]);
  expect((await acts.confirm(ids[0] ?? '', who)).body).toMatchObject({ code: 'event_cancelled' });
});

test('a confirmation that the database refuses fails alone', async () => {
  const { eventId } = await f.publish();
  const [one = '', two = ''] = await reserveSome(eventId, 2);
  const queue = createPayingQueue({ ...deps, paying: { ...limits, leaseSeconds } });
  const begun = await Promise.allSettled([
    queue.begin(eventId, ask(one)),
    queue.begin(eventId, ask('no id of anything')),
    queue.begin(eventId, ask(two)),
  ]);
  expect(begun.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect([await statusOf(one), await statusOf(two)]).toEqual(['paying', 'paying']);
});

test('buyers who confirm together are charged once each, however often each of them asks', async () => {
  const { eventId } = await f.publish({ capacity: 100, waitlist: 'off' });
  const ids = await reserveSome(eventId, 30);
  const before = f.payments.calls.length;
  const answers = await Promise.all([...ids, ...ids].map((id) => acts.confirm(id, who)));
  expect(answers.every(({ status }) => status === 200 || status === 202)).toBe(true);
  expect(f.payments.calls.length - before).toBe(30);
  expect(await Promise.all(ids.map(statusOf))).toEqual(ids.map(() => 'confirmed'));
  expect(await acts.left(eventId)).toBe(70);
});

test('outcomes of one batch settle each booking by its own, several of one booking in their order', async () => {
  const { eventId } = await f.publish({ capacity: 20 });
  const ids = await reserveSome(eventId, 6);
  const [paid = '', declined = '', silent = '', given = '', free = '', late = ''] = ids;
  await begin(eventId, ids);
  const settled = await settleBatch(deps, eventId, [
    { booking: { id: paid, eventId }, outcome: { ...money, paymentId: randomUUID() } },
    { booking: { id: declined, eventId }, outcome: { status: 'declined', attempt: 1, declineCode: 'no' } },
    { booking: { id: silent, eventId }, outcome: { status: 'unknown', attempt: 1 } },
    { booking: { id: given, eventId }, outcome: { status: 'void', attempt: 1 } },
    { booking: { id: free, eventId }, outcome: { status: 'free', attempt: 2 } },
    { booking: { id: late, eventId }, outcome: { status: 'unknown', attempt: 1 } },
    { booking: { id: late, eventId }, outcome: { ...money, paymentId: randomUUID() } },
    { booking: { id: randomUUID(), eventId }, outcome: { status: 'unknown', attempt: 1 } },
  ]);
  const ends = [
    'confirmed',
    'pending',
    'payment_unknown',
    'pending',
    'paying',
    'payment_unknown',
    'confirmed',
  ];
  expect(settled.map((booking) => booking?.status ?? null)).toEqual([...ends, null]);
  expect(await Promise.all([paid, silent, late].map(statusOf))).toEqual([
    'confirmed',
    'payment_unknown',
    'confirmed',
  ]);
  expect(await Promise.all([paid, declined, late].map(ticketsOf))).toEqual([1, 0, 1]);
});

test('free bookings are confirmed without payment, with all that wait', async () => {
  const { eventId } = await f.publish({
    capacity: 20,
    tiers: [{ tier_id: randomUUID(), name: 'Free', capacity: 20, price_minor: 0 }],
  });
  const ids = await reserveSome(eventId, 8);
  const before = f.payments.calls.length;
  const answers = await Promise.all(ids.map((id) => acts.confirm(id, who)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(f.payments.calls.length).toBe(before);
  expect(await Promise.all(ids.map(ticketsOf))).toEqual(ids.map(() => 1));
});

const ending = (bookingId: string, more: Partial<EndRequest> & { key?: string } = {}): EndRequest => {
  const { key, ...fields } = more;
  const operation = `${fields.how ?? 'cancel'} ${bookingId}`;
  return {
    how: 'cancel',
    bookingId,
    userId: who.id,
    keyed: { principal: who.id, operation, key, fingerprint: operation },
    bodyOf: ({ booking, refundMinor }) => JSON.stringify([booking.status, refundMinor]),
    ...fields,
  };
};
async function keysOf(bookingId: string): Promise<number | null> {
  return (
    await f.database.db.query('select 1 from idempotency_keys where operation like $1', [`%${bookingId}`])
  ).rowCount;
}

test('endings of one batch have each their own answer, and a key that is there twice one effect', async () => {
  const { eventId } = await f.publish({ capacity: 20, waitlist: 'off' });
  const ids = await reserveSome(eventId, 7);
  const [held = '', bought = '', twice = '', kept = '', inside = '', paying = '', back = ''] = ids;
  for (const id of [bought, kept, inside]) await acts.confirm(id, who);
  await f.database.db.query("update tickets set status = 'used', used_at = now() where booking_id = $1", [
    inside,
  ]);
  await begin(eventId, [paying]);
  const requests = [
    ending(held, { key: 'a' }),
    ending(bought),
    ending(twice, { key: 'b' }),
    ending(twice, { key: 'b' }),
    ending(twice),
    ending(kept, { how: 'return', key: 'c' }),
    ending(inside, { key: 'd' }),
    ending(paying),
    ending(back, { how: 'return' }),
    ending(held, { userId: randomUUID() }),
  ];
  const outcomes = await endAll(deps, eventId, requests);
  const told = outcomes.map((outcome) =>
    outcome.ok ? `${outcome.body}${outcome.replayed ? ' again' : ''}` : outcome.refusal.kind,
  );
  expect(told).toEqual([
    '["cancelled",0]',
    '["cancelled",49950]',
    '["cancelled",0]',
    '["cancelled",0] again',
    'already-cancelled',
    'already-confirmed',
    'ticket-used',
    'payment-in-progress',
    '["expired",0]',
    'unknown-booking',
  ]);
  expect(await Promise.all([held, twice, kept, inside].map(keysOf))).toEqual([1, 1, 0, 0]);
  // Held: paying; sold: kept and inside.
  expect(await acts.left(eventId)).toBe(17);
  const [again, other] = await endAll(deps, eventId, [
    ending(held, { key: 'a' }),
    ending(held, { keyed: { ...ending(held, { key: 'a' }).keyed, fingerprint: 'another body' } }),
  ]);
  expect(again).toEqual({ ok: true, body: '["cancelled",0]', replayed: true });
  expect(other).toEqual({ ok: false, refusal: { kind: 'key-reused' } });
});

test('an ending that breaks fails alone and leaves nothing', async () => {
  const { eventId } = await f.publish({ capacity: 10, waitlist: 'off' });
  const [one = '', bad = '', two = ''] = await reserveSome(eventId, 3);
  const queue = createEndQueue(deps);
  const bodyOf = (): string => {
    throw new Error('no body');
  };
  const ended = await Promise.allSettled([
    queue.end(ending(one, { key: 'a' })),
    queue.end(ending(bad, { key: 'a', bodyOf })),
    queue.end(ending(two, { key: 'a' })),
  ]);
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await Promise.all([one, bad, two].map(statusOf))).toEqual(['cancelled', 'pending', 'cancelled']);
  expect(await Promise.all([one, bad, two].map(keysOf))).toEqual([1, 0, 1]);
  expect(await acts.left(eventId)).toBe(9);
});

test('a repeated key gives the stored answer of a cancellation, whoever asks beside it', async () => {
  const { eventId } = await f.publish({ capacity: 30, waitlist: 'off' });
  const ids = await reserveSome(eventId, 10);
  await Promise.all(ids.map((id) => acts.confirm(id, who)));
  const cancel = (id: string) =>
    f.call('DELETE', `/api/v1/bookings/${id}`, {
      token: who.token,
      headers: { 'idempotency-key': 'one key' },
    });
  const answers = await Promise.all([...ids, ...ids, ...ids].map(cancel));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(20);
  for (const [at, id] of ids.entries()) {
    expect(answers[at + 10]?.body).toEqual(answers[at]?.body);
    const refunds = await f.database.db.query('select 1 from booking_refunds where booking_id = $1', [id]);
    expect(refunds.rowCount).toBe(1);
  }
  expect(await acts.left(eventId)).toBe(30);
});

test('a line of looks that is full refuses, and a stranger learns nothing from the others of a batch', async () => {
  const { eventId } = await f.publish({ capacity: 10, waitlist: 'off' });
  const id = await acts.reserve(eventId, who);
  const lookUp = createBookingLookUp(f.database.db, { ...limits, minQueue: 3, maxQueue: 3 });
  const told = await Promise.all(
    [who.id, randomUUID(), who.id, who.id].map((userId) => lookUp.find(id, userId)),
  );
  const full = { kind: 'queue-full', retryAfterSeconds: 1 };
  expect(told.map((looked) => (looked.ok ? looked.booking.id : looked.refusal))).toEqual([
    id,
    { kind: 'unknown-booking' },
    id,
    full,
  ]);
});
