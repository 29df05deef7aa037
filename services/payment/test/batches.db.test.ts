import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertPayments, settleCapturing, type NewPayment } from '../src/store/payments.ts';
import { createFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ deadlineMs: 2_000 });
});
afterAll(async () => {
  expect(await fixture.broken()).toEqual([]);
  await fixture.close();
});

const newPayment = (fields: Partial<NewPayment> = {}): NewPayment => ({
  id: randomUUID(),
  bookingId: randomUUID(),
  eventId: randomUUID(),
  userId: randomUUID(),
  attempt: 1,
  provider: 'fake',
  amountMinor: 500,
  currency: 'INR',
  firstCheckAfterMs: 5_000,
  ...fields,
});

async function countOf(statement: string, id: string): Promise<number | null> {
  return (await fixture.database.db.query(statement, [id])).rowCount;
}
const entriesOf = (id: string) => countOf('select 1 from ledger_entries where payment_id = $1', id);
const chargesOf = (id: string) => countOf('select 1 from fake_provider_charges where key = $1', id);

/** Takes the money at the provider, as verification expects of whatever is booked; answers its transaction. */
async function charge({ id, amountMinor, currency }: NewPayment): Promise<string> {
  const request = { key: id, amountMinor, currency, token: 'tok_any', method: 'card' };
  const taken = await fixture.actions.provider.capture(request, AbortSignal.timeout(5_000));
  return taken.transactionId ?? '';
}

test('attempts that come together are captured, declined and left open each by its own card', async () => {
  const cards = [
    'tok_any',
    'tok_decline',
    'tok_timeout',
    'tok_visa',
    'tok_late_50',
    'tok_insufficient_funds',
  ];
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, at) => fixture.pay(cards[at % cards.length] ?? '')),
  );
  const ends = ['succeeded', 'declined', 'unknown', 'succeeded', 'succeeded', 'declined'];
  expect(answers.map(({ body }) => body['status'])).toEqual(answers.map((_, at) => ends[at % ends.length]));
  for (const { body } of answers) {
    const id = String(body['payment_id']);
    expect(await entriesOf(id)).toBe(body['status'] === 'succeeded' ? 2 : 0);
    // Whoever asked has heard it.
    expect(await fixture.sent(String(body['booking_id']))).toEqual([]);
  }
  expect(await fixture.reconcileNow()).toBe(10);
});

test('a pair that is twice in one batch has one row and one charge, and both requests are answered by it', async () => {
  const bookingId = randomUUID();
  const answers = await Promise.all(
    [0, 1, 2, 3].map(() => fixture.pay('tok_any', { booking_id: bookingId, attempt: 3 })),
  );
  const [id, ...others] = new Set(answers.map(({ body }) => String(body['payment_id'])));
  expect(others).toEqual([]);
  expect(answers.every(({ body }) => body['status'] === 'succeeded')).toBe(true);
  expect(await chargesOf(id ?? '')).toBe(1);
  expect(await entriesOf(id ?? '')).toBe(2);
});

test('an attempt that the database refuses fails alone; those beside it have their rows', async () => {
  const good = [newPayment(), newPayment(), newPayment()];
  const { books } = fixture.actions;
  const recorded = await Promise.allSettled(
    [...good.slice(0, 2), newPayment({ currency: 'no currency' }), ...good.slice(2)].map(books.record),
  );
  expect(recorded.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  const path = (each: NewPayment) => `/internal/payments?booking_id=${each.bookingId}&attempt=1`;
  for (const each of good)
    expect(await fixture.internal('GET', path(each))).toMatchObject({
      status: 200,
      body: { status: 'unknown' },
    });
});

test('an outcome that the database refuses fails alone, and a mixed batch settles each by its own word', async () => {
  const { db } = fixture.database;
  const attempts = Array.from({ length: 5 }, () => newPayment());
  await insertPayments(db, attempts);
  const ids = attempts.map(({ id }) => id);
  const [paid = '', broken = '', declined = '', silent = '', other = ''] = ids;
  const money = { status: 'succeeded', amountMinor: 500, currency: 'INR' } as const;
  const { books } = fixture.actions;
  const transactionId = await charge(attempts[0] ?? newPayment());
  const settled = await Promise.allSettled([
    books.settle({ ...money, paymentId: paid, transactionId }),
    // No text of PostgreSQL holds this character.
    books.settle({ ...money, paymentId: broken, transactionId: 't\u0000' }),
    books.settle({ paymentId: declined, status: 'declined', code: 'card_declined' }),
    books.settle({ paymentId: silent, status: 'unknown' }),
    books.settle({ ...money, amountMinor: 1, paymentId: other, transactionId: 't' }),
  ]);
  expect(
    settled.map((each) => (each.status === 'fulfilled' ? (each.value?.status ?? null) : 'failed')),
  ).toEqual(['succeeded', 'failed', 'declined', 'unknown', null]);
  expect(await Promise.all(ids.map(entriesOf))).toEqual([2, 0, 0, 0, 0]);
});

test('an outcome told twice in one batch is booked once', async () => {
  const { db } = fixture.database;
  const attempt = newPayment();
  await insertPayments(db, [attempt]);
  const told = {
    paymentId: attempt.id,
    status: 'succeeded',
    transactionId: await charge(attempt),
    amountMinor: 500,
    currency: 'INR',
  } as const;
  const settled = await settleCapturing(db, [told, { ...told }]);
  expect(settled.map((payment) => payment?.status ?? null)).toEqual(['succeeded', null]);
  expect(await settleCapturing(db, [told])).toEqual([null]);
  expect(await entriesOf(attempt.id)).toBe(2);
});

test('a row that another transaction holds keeps nobody else of the batch waiting', async () => {
  const { db } = fixture.database;
  const [held, free] = [newPayment(), newPayment()];
  await insertPayments(db, [held, free]);
  await db.transaction(async (client) => {
    await client.query('select 1 from payments where id = $1 for update', [held.id]);
    const settled = await settleCapturing(
      db,
      [held, free].map(({ id }) => ({ paymentId: id, status: 'declined', code: 'card_declined' })),
    );
    expect(settled.map((payment) => payment?.status ?? null)).toEqual([null, 'declined']);
  });
});

test('two processes that record the same attempts in opposite orders do not lock each other out', async () => {
  const { db } = fixture.database;
  for (let round = 0; round < 20; round += 1) {
    const pairs = Array.from({ length: 30 }, () => newPayment());
    const again = pairs.toReversed().map((payment) => ({ ...payment, id: randomUUID() }));
    const [first, second] = await Promise.all([insertPayments(db, pairs), insertPayments(db, again)]);
    const rows = [...first, ...second].filter((payment) => payment !== null);
    expect(rows).toHaveLength(30);
  }
});
