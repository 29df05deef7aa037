import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allocate, keyOf, type Decision, type Request, type SaleState } from './allocate.ts';
import { bookingReference, claimOf, mayFollow, sameLines, type BookingStatus } from './booking.ts';
import { isDisarmedBy, maxRetired, mayReplace, retiredAfter } from './fencing.ts';
import { graceMs, settlementOf } from './payment.ts';
import { refundAmount } from './refund.ts';
import { totalOf, type Stock, type Tier } from './stock.ts';
import { matchWaiting } from './waitlist.ts';
import { windowAsText, windowInForce } from './window.ts';

const now = new Date('2026-11-21T10:00:00Z');
const inMinutes = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);

function tierOf(tierId: string, capacity: number, priceMinor = 100): Tier {
  return {
    tierId,
    position: 0,
    name: tierId,
    priceMinor,
    capacity,
    available: capacity,
    held: 0,
    sold: 0,
    blocked: 0,
  };
}
function stockOf(...tiers: Tier[]): Stock {
  return new Map(tiers.map((tier) => [tier.tierId, tier]));
}
function stateOf(stock: Stock, overrides: Partial<SaleState> = {}): SaleState {
  return {
    now,
    holdUntil: inMinutes(15),
    status: 'published',
    window: { open: true, closed: false, opensAt: null, closesAt: null },
    eventId: 'e',
    currency: 'INR',
    maxPerBooking: 10,
    maxPerBuyer: null,
    stock,
    held: new Map(),
    stored: new Map(),
    offers: new Map(),
    places: new Map(),
    enrolment: { automatic: false, waiting: new Map(), room: 0 },
    ...overrides,
  };
}
function request(
  userId: string,
  key: string,
  ...lines: [tierId: string | null, quantity: number][]
): Request {
  return {
    id: randomUUID(),
    userId,
    key,
    waitlistId: randomUUID(),
    lines: lines.map(([tierId, quantity]) => ({ tierId, quantity })),
  };
}
const refusalOf = (decision: Decision): string =>
  decision.kind === 'refused' ? decision.refusal.kind : decision.kind;

test('an order that does not fit is refused whole, and a later one that fits is granted', () => {
  const state = stateOf(stockOf(tierOf('a', 3)));
  expect(refusalOf(allocate(state, request('u', '1', [null, 4])))).toBe('not-enough-seats');
  expect(refusalOf(allocate(state, request('u', '2', [null, 3])))).toBe('granted');
  expect(refusalOf(allocate(state, request('u', '3', [null, 1])))).toBe('sold-out');
});

test('a repeated key answers before the window, the stock and the limits are looked at', () => {
  const state = stateOf(stockOf(tierOf('a', 1)));
  const first = allocate(state, request('u', 'k', ['a', 1]));
  Object.assign(state, {
    window: { open: false, closed: true, opensAt: null, closesAt: now },
    maxPerBooking: 1,
    maxPerBuyer: 1,
  });
  expect(allocate(state, request('u', 'k', [null, 1]))).toEqual({
    kind: 'stored',
    booking: first.kind === 'granted' ? first.booking : null,
  });
  expect(refusalOf(allocate(state, request('u', 'k', ['a', 2])))).toBe('key-reused');
  expect(refusalOf(allocate(state, request('v', 'k', ['a', 1])))).toBe('sale-closed');
});

test('enrolment stops when the waitlist has no room left', () => {
  const enrolment = { automatic: true, waiting: new Map([['a', 4]]), room: 1 };
  const soldOutTier = { ...tierOf('a', 2), available: 0, sold: 2 };
  const state = stateOf(stockOf(soldOutTier), { enrolment });
  expect(allocate(state, request('w', '0', ['a', 3]))).toMatchObject({
    refusal: { kind: 'sold-out', waitlist: null },
    enrolment: null,
  });
  const first = allocate(state, request('u', '1', ['a', 1]));
  expect(first).toMatchObject({
    refusal: { kind: 'sold-out', waitlist: { position: 5 } },
    enrolment: { userId: 'u', quantity: 1 },
  });
  expect(allocate(state, request('u', '2', ['a', 1]))).toMatchObject({
    refusal: { waitlist: { position: 5 } },
    enrolment: null,
  });
  expect(allocate(state, request('v', '3', ['a', 1]))).toMatchObject({
    refusal: { kind: 'sold-out', waitlist: null },
    enrolment: null,
  });
});

test('an open offer answers the same request of its buyer only', () => {
  const state = stateOf(stockOf(tierOf('a', 5)));
  const granted = allocate(state, request('u', 'offer', ['a', 2]));
  const booking = granted.kind === 'granted' ? granted.booking : null;
  state.stored.clear();
  if (booking !== null) state.offers.set(keyOf('u', 'a'), booking);
  expect(allocate(state, request('u', 'new', ['a', 2]))).toEqual({ kind: 'offer', booking, key: 'new' });
  expect(refusalOf(allocate(state, request('u', 'other', ['a', 1])))).toBe('granted');
  expect(refusalOf(allocate(state, request('v', 'new', ['a', 2])))).toBe('granted');
});

test('whatever is asked, in any order: no seat twice, none lost, no limit broken, every key one effect', () => {
  const asked = fc
    .record({ user: fc.nat(5), key: fc.nat(8), a: fc.nat(4), b: fc.nat(4) })
    .filter(({ a, b }) => a + b > 0);
  fc.assert(
    fc.property(
      fc.array(asked, { maxLength: 60 }),
      fc.nat(12),
      fc.nat(12),
      fc.option(fc.integer({ min: 1, max: 8 })),
      (requests, capacityA, capacityB, limit) => {
        const stock = stockOf(tierOf('a', capacityA, 100), tierOf('b', capacityB, 250));
        const state = stateOf(stock, { maxPerBuyer: limit, maxPerBooking: 6 });
        const granted = new Map<string, { a: number; b: number }>();
        for (const { user, key, a, b } of requests) {
          const lines: [string, number][] = [
            ['a', a],
            ['b', b],
          ];
          const decision = allocate(
            state,
            request(`u${user}`, `k${key}`, ...lines.filter(([, quantity]) => quantity > 0)),
          );
          const name = `u${user} k${key}`;
          const before = granted.get(name);
          if (before !== undefined)
            expect(refusalOf(decision)).toBe(before.a === a && before.b === b ? 'stored' : 'key-reused');
          if (decision.kind === 'granted') {
            granted.set(name, { a, b });
            expect(decision.booking.totalMinor).toBe(a * 100 + b * 250);
          }
        }
        const sum = (tier: 'a' | 'b'): number =>
          [...granted.values()].reduce((total, grant) => total + grant[tier], 0);
        expect([stock.get('a')?.held, stock.get('b')?.held]).toEqual([sum('a'), sum('b')]);
        expect(totalOf(stock, 'available') + totalOf(stock, 'held')).toBe(capacityA + capacityB);
        expect([...stock.values()].every((tier) => tier.available >= 0)).toBe(true);
        if (limit !== null) expect([...state.held.values()].every((held) => held <= limit)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test('after a match nothing that is free fits anybody who waits, and nobody was passed over who fitted', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 20 }), (free, wanted) => {
      const stock = stockOf(tierOf('a', free));
      const waiting = wanted.map((quantity, at) => ({
        id: String(at),
        userId: String(at),
        tierId: 'a',
        quantity,
      }));
      const { offers } = matchWaiting(stock, waiting, new Map(), null);
      const left = stock.get('a')?.available ?? 0;
      expect(left + offers.reduce((sum, offer) => sum + offer.quantity, 0)).toBe(free);
      for (const entry of waiting) if (!offers.includes(entry)) expect(entry.quantity).toBeGreaterThan(left);
      for (const [at, entry] of waiting.entries()) {
        if (offers.includes(entry)) continue;
        const before = waiting
          .slice(0, at)
          .filter((other) => offers.includes(other))
          .reduce((sum, other) => sum + other.quantity, 0);
        expect(entry.quantity).toBeGreaterThan(free - before);
      }
    }),
  );
});

test('an offer that would break the limit of its buyer is passed over with that reason', () => {
  const entry = { id: '1', userId: 'u', tierId: 'a', quantity: 2 };
  expect(matchWaiting(stockOf(tierOf('a', 5)), [entry], new Map([['u', 2]]), 3)).toEqual({
    offers: [],
    overLimit: [entry],
  });
});

test('the graph lets nothing leave a cancelled booking, and an expired one only by late money', () => {
  const all: BookingStatus[] = ['pending', 'paying', 'payment_unknown', 'confirmed', 'cancelled', 'expired'];
  expect(all.filter((to) => mayFollow('cancelled', to))).toEqual([]);
  expect(all.filter((to) => mayFollow('expired', to))).toEqual(['confirmed']);
  expect(all.filter((status) => claimOf(status) === 'held')).toEqual([
    'pending',
    'paying',
    'payment_unknown',
  ]);
});

test('the order of lines does not matter to a repeated request', () => {
  const [a, b] = [
    { tierId: 'a', quantity: 1 },
    { tierId: 'b', quantity: 2 },
  ];
  expect(sameLines([a, b], [b, a])).toBe(true);
  expect(sameLines([a], [a, b])).toBe(false);
});

test('references differ where ids do, and read well', () => {
  const references = new Set(Array.from({ length: 10_000 }, () => bookingReference(randomUUID())));
  expect(references.size).toBe(10_000);
  expect([...references].every((text) => /^EV-[0-9A-HJKMNP-TV-Z]{10}$/.test(text))).toBe(true);
});

test('the window in force: the armed sale wins, and a managed event without one stays shut', () => {
  const managed = { status: 'published', mode: 'managed', opensAt: null, closesAt: null } as const;
  const armed = { opensAt: now, closesAt: inMinutes(60), intent: 'Run' } as const;
  expect(windowAsText(windowInForce(managed, null))).toEqual({ from: 'infinity', until: 'infinity' });
  expect(windowInForce(managed, armed)).toEqual({ from: now, until: inMinutes(60) });
  expect(windowAsText(windowInForce({ ...managed, mode: 'open' }, null))).toEqual({
    from: '-infinity',
    until: 'infinity',
  });
  expect(windowInForce(managed, { ...armed, intent: 'Hold' }).from).toBe('never');
  expect(windowAsText(windowInForce(managed, { ...armed, intent: 'Stop' })).until).toBe('-infinity');
  expect(windowAsText(windowInForce({ ...managed, status: 'cancelled' }, armed)).until).toBe('-infinity');
});

test('an older command never replaces a newer one', () => {
  const stored = { epoch: 3, uid: 'u', generation: 5, disarmed: false, retired: ['t'] };
  expect(mayReplace(stored, { epoch: 2, uid: 'u', generation: 9 })).toBe(false);
  expect(mayReplace(stored, { epoch: 3, uid: 'u', generation: 4 })).toBe(false);
  expect(mayReplace(stored, { epoch: 3, uid: 'u', generation: 5 })).toBe(true);
  expect(mayReplace(stored, { epoch: 3, uid: 'v', generation: 9 })).toBe(false);
  expect(mayReplace({ ...stored, disarmed: true }, { epoch: 3, uid: 'v', generation: 1 })).toBe(true);
  expect(mayReplace({ ...stored, disarmed: true }, { epoch: 3, uid: 'u', generation: 5 })).toBe(false);
  expect(mayReplace(stored, { epoch: 4, uid: 'v', generation: 1 })).toBe(true);
});

test('a resource that gave way to another stays away for its epoch, and the list of them is bounded', () => {
  const stored = { epoch: 3, uid: 'u', generation: 5, disarmed: true, retired: ['t'] };
  expect(mayReplace(stored, { epoch: 3, uid: 't', generation: 99 })).toBe(false);
  expect(mayReplace(stored, { epoch: 4, uid: 't', generation: 1 })).toBe(true);
  expect(retiredAfter(stored, { epoch: 3, uid: 'v', generation: 1 })).toEqual(['t', 'u']);
  expect(retiredAfter(stored, { epoch: 3, uid: 'u', generation: 6 })).toEqual(['t']);
  expect(retiredAfter(stored, { epoch: 4, uid: 'v', generation: 1 })).toEqual([]);
  const full = { ...stored, retired: Array.from({ length: maxRetired }, (_, index) => `r${index}`) };
  expect(mayReplace(full, { epoch: 3, uid: 'v', generation: 1 })).toBe(false);
  expect(mayReplace(full, { epoch: 4, uid: 'v', generation: 1 })).toBe(true);
});

test('disarming again says nothing new, unless it is a later word', () => {
  const stored = { epoch: 3, uid: 'u', generation: 5, disarmed: true, retired: [] };
  expect(isDisarmedBy(stored, { epoch: 3, uid: 'u', generation: 5 })).toBe(true);
  expect(isDisarmedBy(stored, { epoch: 3, uid: 'u', generation: 4 })).toBe(true);
  expect(isDisarmedBy(stored, { epoch: 3, uid: 'u', generation: 6 })).toBe(false);
  expect(isDisarmedBy({ ...stored, disarmed: false }, { epoch: 3, uid: 'u', generation: 5 })).toBe(false);
});

test.each([
  [25, 1_000],
  [24, 500],
  [23, 500],
  [3, 500],
  [2, 500],
  [1.99, 0],
  [1, 0],
  [-1, 0],
])('%d hours before the start, %d of 1,000 come back', (hours, amount) => {
  const policy = [
    { hours_before: 2, percent: 50 },
    { hours_before: 24, percent: 100 },
  ];
  expect(refundAmount(1_000, policy, inMinutes(hours * 60), now)).toBe(amount);
});

test('a declined buyer gets ten minutes once; an outcome of an earlier attempt changes nothing', () => {
  const state = stateOf(stockOf(tierOf('a', 1)));
  const decision = allocate(state, request('u', 'k', ['a', 1]));
  if (decision.kind !== 'granted') throw new Error('the house is not full');
  const paying = { ...decision.booking, status: 'paying' as const, attempt: 2, expiresAt: inMinutes(1) };
  const declined = { status: 'declined', attempt: 2, declineCode: 'x' } as const;
  expect(settlementOf(paying, declined, now)).toMatchObject({
    to: 'pending',
    patch: { expiresAt: new Date(now.getTime() + graceMs), graceGranted: true },
  });
  expect(settlementOf({ ...paying, graceGranted: true }, declined, now)).toEqual({
    kind: 'move',
    to: 'pending',
    cause: 'payment_declined',
    patch: { payingSince: null },
  });
  expect(settlementOf(paying, { ...declined, attempt: 1 }, now)).toEqual({ kind: 'nothing' });
  const money = { status: 'succeeded', attempt: 1, paymentId: 'p', transactionId: 't' } as const;
  expect(settlementOf(paying, money, now)).toEqual({ kind: 'refund', reason: 'earlier_attempt' });
  expect(settlementOf({ ...paying, status: 'confirmed' }, { ...money, attempt: 2 }, now)).toEqual({
    kind: 'nothing',
  });
  expect(settlementOf({ ...paying, status: 'confirmed' }, money, now)).toEqual({
    kind: 'refund',
    reason: 'paid_twice',
  });
});
