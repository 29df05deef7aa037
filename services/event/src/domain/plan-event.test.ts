import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkVenue, planEdit, planNewEvent, type EventEdit, type NewEvent } from './plan-event.ts';
import type { EventTerms } from './event.ts';

const six = new Date('2026-11-20T18:00:00Z');
const nine = new Date('2026-11-20T21:00:00Z');
const written: NewEvent = {
  name: 'An Evening of Ragas',
  venueId: 'hall',
  eventType: 'concert',
  startsAt: six,
  endsAt: nine,
  totalCapacity: 100,
  basePrice: 499.5,
  currency: 'INR',
};

function ids(): () => string {
  let next = 0;
  return () => `tier-${(next += 1)}`;
}
function planned(more: Partial<NewEvent> = {}): EventTerms {
  const outcome = planNewEvent({ ...written, ...more }, ids());
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal.faults));
  return outcome.terms;
}
function edited(present: EventTerms, edit: EventEdit): EventTerms {
  const outcome = planEdit(present, edit, () => 'new-tier');
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal.faults));
  return outcome.terms;
}
const faultsOf = (outcome: ReturnType<typeof planNewEvent>): string[] =>
  outcome.ok ? [] : outcome.refusal.faults.map((fault) => fault.field);
const newFaults = (more: Partial<NewEvent>): string[] =>
  faultsOf(planNewEvent({ ...written, ...more }, ids()));

test('an event without tiers has one, with its whole capacity and its base price in minor units', () => {
  expect(planned()).toMatchObject({
    basePriceMinor: 49_950,
    maxPerBooking: 10,
    maxPerBuyer: null,
    waitlist: 'automatic',
    sale: { mode: 'open', opensAt: null, closesAt: null },
    tiers: [{ tierId: 'tier-1', name: 'General', capacity: 100, priceMinor: 49_950 }],
  });
});

test('the tiers add up to the capacity', () => {
  const tiers = [
    { name: 'Stalls', capacity: 60, price: 500 },
    { name: 'Balcony', capacity: 40, price: 300 },
  ];
  expect(planned({ tiers }).tiers).toHaveLength(2);
  expect(newFaults({ tiers, totalCapacity: 90 })).toEqual(['tiers']);
});

test('an amount has no more digits than its currency', () => {
  expect(newFaults({ basePrice: 499.501 })).toContain('base_price');
  expect(newFaults({ basePrice: 499.5, currency: 'JPY' })).toContain('base_price');
  expect(planned({ basePrice: 4.995, currency: 'KWD' }).basePriceMinor).toBe(4_995);
  expect(newFaults({ tiers: [{ name: 'A', capacity: 100, price: 0.001 }] })).toContain('tiers.0.price');
  expect(newFaults({ currency: 'XQZ' })).toContain('currency');
});

test('an event ends after it starts, and a sale closes after it opens', () => {
  expect(newFaults({ endsAt: six })).toEqual(['end_datetime']);
  expect(newFaults({ sale: { opensAt: nine, closesAt: six } })).toEqual(['sale.closes_at']);
  expect(newFaults({ sale: { mode: 'open', opensAt: six } })).toEqual(['sale.mode']);
  expect(newFaults({ sale: { mode: 'window' } })).toEqual(['sale']);
  expect(planned({ sale: { opensAt: six } }).sale).toEqual({ mode: 'window', opensAt: six, closesAt: null });
  expect(planned({ sale: { mode: 'managed' } }).sale.mode).toBe('managed');
});

test('two tiers never share a name or an id', () => {
  const twice = [
    { name: 'Stalls', capacity: 50, price: 1 },
    { name: 'STALLS', capacity: 50, price: 1 },
  ];
  expect(newFaults({ tiers: twice })).toEqual(['tiers.1.name']);
  const present = planned();
  const same = ['A', 'B'].map((name) => ({ tierId: 'tier-1', name, capacity: 50, price: 1 }));
  expect(faultsOf(planEdit(present, { tiers: same }, ids()))).toEqual(['tiers.1.tier_id']);
});

test('a tier keeps its id by id, else by name; a foreign id is refused', () => {
  const present = planned({
    tiers: [
      { name: 'Stalls', capacity: 60, price: 500 },
      { name: 'Balcony', capacity: 40, price: 300 },
    ],
  });
  const after = edited(present, {
    tiers: [
      { name: 'balcony', capacity: 30, price: 350 },
      { tierId: 'tier-1', name: 'Parterre', capacity: 60, price: 500 },
      { name: 'Box', capacity: 10, price: 900 },
    ],
  });
  expect(after.tiers.map((tier) => tier.tierId)).toEqual(['tier-2', 'tier-1', 'new-tier']);
  expect(after.totalCapacity).toBe(100);
  const foreign = [{ tierId: 'of-another-event', name: 'Stalls', capacity: 100, price: 1 }];
  expect(faultsOf(planEdit(present, { tiers: foreign }, ids()))).toEqual(['tiers.0.tier_id']);
});

test('the capacity and the price of an event with one tier are that tier’s', () => {
  const after = edited(planned(), { totalCapacity: 80, basePrice: 600 });
  expect(after.tiers).toEqual([{ tierId: 'tier-1', name: 'General', capacity: 80, priceMinor: 60_000 }]);
  const several = planned({
    tiers: [
      { name: 'Stalls', capacity: 60, price: 500 },
      { name: 'Balcony', capacity: 40, price: 300 },
    ],
  });
  expect(faultsOf(planEdit(several, { totalCapacity: 80 }, ids()))).toEqual(['tiers']);
});

test('amounts keep their major units when the currency changes', () => {
  const after = edited(planned({ basePrice: 500 }), { currency: 'JPY' });
  expect(after).toMatchObject({ basePriceMinor: 500, tiers: [{ priceMinor: 500 }] });
});

test('null takes back what may be absent, undefined leaves it', () => {
  const present = planned({ description: 'Khayal', maxPerBuyer: 4, sale: { opensAt: six } });
  expect(edited(present, {})).toEqual(present);
  expect(edited(present, { description: null, maxPerBuyer: null, sale: null })).toMatchObject({
    description: null,
    maxPerBuyer: null,
    sale: { mode: 'open', opensAt: null, closesAt: null },
  });
});

test('whatever is edited, the tiers add up to the capacity or the edit is refused', () => {
  const tier = fc.record({
    name: fc.constantFrom('A', 'B', 'C', 'D'),
    capacity: fc.integer({ min: 1, max: 500 }),
    price: fc.integer({ min: 0, max: 1_000 }),
  });
  const edit = fc.record(
    {
      tiers: fc.array(tier, { minLength: 1, maxLength: 4 }),
      totalCapacity: fc.integer({ min: 1, max: 900 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 5 }), (edits) => {
      let terms = planned();
      for (const change of edits) {
        const outcome = planEdit(terms, change, () => crypto.randomUUID());
        if (!outcome.ok) continue;
        const known = new Map(terms.tiers.map((before) => [before.name, before.tierId]));
        for (const after of outcome.terms.tiers) {
          if (known.has(after.name)) expect(after.tierId).toBe(known.get(after.name));
        }
        terms = outcome.terms;
        expect(terms.tiers.reduce((sum, part) => sum + part.capacity, 0)).toBe(terms.totalCapacity);
      }
    }),
  );
});

test('an event fits into its venue', () => {
  expect(checkVenue(planned(), 100)).toEqual({ ok: true });
  expect(checkVenue(planned(), 99)).toMatchObject({
    refusal: { kind: 'capacity-above-venue', capacity: 100, venueCapacity: 99 },
  });
});
