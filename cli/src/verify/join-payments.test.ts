import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  joinPayments,
  judgeBooking,
  type CapturedPayment,
  type PaidBooking,
  type Violation,
} from './join-payments.ts';

const booking = (booking_id: string, fields: Partial<PaidBooking> = {}): PaidBooking => ({
  booking_id,
  status: 'confirmed',
  total_minor: 500,
  currency: 'INR',
  refunded_minor: 0,
  ...fields,
});
const capture = (booking_id: string, fields: Partial<CapturedPayment> = {}): CapturedPayment => ({
  payment_id: `p-${booking_id}`,
  booking_id,
  amount_minor: 500,
  currency: 'INR',
  refunded_minor: 0,
  in_case_minor: 0,
  ...fields,
});
async function* pagesOf<T>(items: readonly T[], size: number): AsyncGenerator<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}
function joined(
  bookings: readonly PaidBooking[],
  captures: readonly CapturedPayment[],
  size = 2,
): Promise<Violation[]> {
  return joinPayments(pagesOf(bookings, size), pagesOf(captures, size));
}
const invariants = (violations: readonly Violation[]) => violations.map(({ invariant }) => invariant);

test('a confirmed booking has exactly one capture of exactly its total', async () => {
  expect(await joined([booking('a'), booking('b')], [capture('a'), capture('b')])).toEqual([]);
  expect(invariants(await joined([booking('a'), booking('b')], [capture('b')]))).toEqual(['I21']);
  expect(invariants(judgeBooking(booking('a'), [capture('a'), capture('a')]))).toEqual(['I21']);
  expect(invariants(judgeBooking(booking('a'), [capture('a', { amount_minor: 499 })]))).toEqual(['I21']);
  expect(invariants(judgeBooking(booking('a'), [capture('a', { currency: 'USD' })]))).toEqual(['I21']);
});

test('a second capture that was given back whole does not count', () => {
  expect(judgeBooking(booking('a'), [capture('a', { refunded_minor: 500 }), capture('a')])).toEqual([]);
});

test('a free booking has no capture', () => {
  expect(judgeBooking(booking('a', { total_minor: 0 }), [])).toEqual([]);
  expect(invariants(judgeBooking(booking('a', { total_minor: 0 }), [capture('a')]))).toEqual(['I21']);
});

test('a payment without a booking is named, wherever it stands in the order', async () => {
  const violations = await joined([booking('b')], [capture('a'), capture('b'), capture('c')]);
  expect(violations.map(({ invariant, row }) => [invariant, row.includes('no booking')])).toEqual([
    ['I16', true],
    ['I16', true],
  ]);
});

test('a booking that is over gives back what its policy says, an expired one everything', () => {
  const cancelled = booking('a', { status: 'cancelled', refunded_minor: 250 });
  expect(judgeBooking(cancelled, [capture('a', { refunded_minor: 250 })])).toEqual([]);
  expect(invariants(judgeBooking(cancelled, [capture('a')]))).toEqual(['I23']);
  expect(judgeBooking(cancelled, [capture('a', { in_case_minor: 250 })])).toEqual([]);
  const expired = booking('a', { status: 'expired' });
  expect(judgeBooking(expired, [capture('a', { refunded_minor: 500 })])).toEqual([]);
  expect(invariants(judgeBooking(expired, [capture('a', { refunded_minor: 499 })]))).toEqual(['I23']);
});

test('a booking under way is not judged', () => {
  expect(judgeBooking(booking('a', { status: 'payment_unknown' }), [capture('a')])).toEqual([]);
});

test('the pass finds the same whatever the page sizes', async () => {
  const ids = fc
    .uniqueArray(fc.constantFrom(...'abcdefghij'), { maxLength: 10 })
    .map((letters) => letters.toSorted());
  await fc.assert(
    fc.asyncProperty(ids, ids, fc.integer({ min: 1, max: 5 }), async (booked, paid, size) => {
      const violations = await joined(
        booked.map((id) => booking(id)),
        paid.map((id) => capture(id)),
        size,
      );
      const unpaid = booked.filter((id) => !paid.includes(id)).length;
      const orphans = paid.filter((id) => !booked.includes(id)).length;
      expect(invariants(violations).toSorted()).toEqual([
        ...Array(orphans).fill('I16'),
        ...Array(unpaid).fill('I21'),
      ]);
    }),
  );
});
