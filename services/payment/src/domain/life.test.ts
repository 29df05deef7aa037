import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isSettled,
  mergeCharge,
  mergeRefund,
  paymentReaches,
  type AttemptFacts,
  type PaymentState,
  type ProviderCharge,
} from './life.ts';

const states: readonly PaymentState[] = ['created', 'capturing', 'unknown', 'succeeded', 'declined', 'void'];
const attempt: AttemptFacts = { status: 'capturing', amountMinor: 500, currency: 'INR' };
const taken: ProviderCharge = {
  status: 'succeeded',
  transactionId: 'tx',
  amountMinor: 500,
  currency: 'INR',
  declineCode: null,
};
const nothingTaken = { transactionId: null, amountMinor: 500, currency: 'INR' };
const declined: ProviderCharge = { ...nothingTaken, status: 'declined', declineCode: 'card_declined' };
const voided: ProviderCharge = { ...nothingTaken, status: 'voided', declineCode: null };
const pending: ProviderCharge = { ...nothingTaken, status: 'pending', declineCode: null };

test('nothing follows a settled status', () => {
  for (const from of states.filter(isSettled)) {
    for (const to of states) expect(paymentReaches(from, to)).toBe(false);
  }
  expect(states.filter(isSettled)).toEqual(['succeeded', 'declined', 'void']);
});

test('an attempt that is being captured becomes void only by way of unknown', () => {
  expect(paymentReaches('capturing', 'void')).toBe(true);
  expect(paymentReaches('created', 'void')).toBe(true);
  expect(paymentReaches('unknown', 'capturing')).toBe(false);
});

test('money of another amount or currency settles nothing and goes to a person', () => {
  for (const wrong of [{ amountMinor: 501 }, { currency: 'USD' }, { amountMinor: null }]) {
    expect(mergeCharge(attempt, { ...taken, ...wrong })).toEqual({
      kind: 'case',
      problem: 'amount-mismatch',
    });
  }
});

test('money under an attempt that has ended without it goes to a person', () => {
  for (const status of ['void', 'declined'] as const) {
    expect(mergeCharge({ ...attempt, status }, taken)).toEqual({
      kind: 'case',
      problem: 'captured-after-end',
    });
  }
});

function applied(facts: AttemptFacts, word: ProviderCharge): AttemptFacts {
  const merge = mergeCharge(facts, word);
  switch (merge.kind) {
    case 'succeed':
      return { ...facts, status: 'succeeded' };
    case 'decline':
      return { ...facts, status: 'declined' };
    case 'void':
      return { ...facts, status: 'void' };
    case 'nothing':
    case 'case':
      return facts;
  }
}

test('any order and repetition of the words of one provider end in the same status, without a step back', () => {
  const end = fc.constantFrom(taken, declined, voided);
  const start = fc.constantFrom<AttemptFacts['status']>('capturing', 'unknown');
  fc.assert(
    fc.property(end, start, fc.array(fc.boolean(), { maxLength: 12 }), (final, status, hints) => {
      // A provider says pending until it has settled, but its words arrive in any order.
      const words = [...hints.map((isLate) => (isLate ? final : pending)), final];
      let facts: AttemptFacts = { ...attempt, status };
      for (const word of words) {
        const next = applied(facts, word);
        expect(next.status === facts.status || paymentReaches(facts.status, next.status)).toBe(true);
        if (isSettled(facts.status)) expect(next).toEqual(facts);
        facts = next;
      }
      expect(facts.status).toBe(final.status === 'voided' ? 'void' : final.status);
    }),
  );
});

test('whatever contradictory words come, a settled status never changes', () => {
  const word = fc.constantFrom(taken, declined, voided, pending, { ...taken, amountMinor: 1 });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), (words) => {
      let facts: AttemptFacts = attempt;
      for (const next of words) {
        const before = facts;
        facts = applied(facts, next);
        if (isSettled(before.status)) expect(facts.status).toBe(before.status);
      }
    }),
  );
});

test('a refund settles once, and one of another amount is never taken for done', () => {
  const word = { status: 'succeeded', providerRefundId: 'r', amountMinor: 5, failureCode: null } as const;
  expect(mergeRefund({ status: 'pending', amountMinor: 5 }, word)).toEqual({ kind: 'succeed' });
  expect(mergeRefund({ status: 'succeeded', amountMinor: 5 }, { ...word, status: 'failed' })).toEqual({
    kind: 'nothing',
  });
  expect(mergeRefund({ status: 'failed', amountMinor: 5 }, word)).toEqual({ kind: 'nothing' });
  expect(mergeRefund({ status: 'pending', amountMinor: 6 }, word)).toEqual({
    kind: 'fail',
    code: 'amount_mismatch',
  });
});
