/** Who comes first, and when a sale comes back. */
import { expect, test } from 'vitest';
import { hour, minute, saleOf, second, t0 } from '../../test/plan-fixture.ts';
import type { ParsedEventSale } from '../api/parse-event-sale.ts';
import type { Sale } from './model.ts';
import { pauseAfter, urgencyOf } from './pauses.ts';

function parsedOf(sale: Sale, observedGeneration: number | null): ParsedEventSale {
  const metadata = { ...sale, resourceVersion: '1', finalizers: [] };
  const status = observedGeneration === null ? null : { observedGeneration };
  return { metadata, status, sale, faults: [] };
}

test('an edit of a sale that opened weeks ago comes before the sale that opens now', () => {
  const nowMs = t0 + 500 * hour;
  const edited = parsedOf(saleOf({ generation: 4, intent: 'Stop', closesAtMs: null }), 3);
  const opening = parsedOf(saleOf({ opensAtMs: nowMs }), 1);
  expect(urgencyOf(edited, nowMs)).toBeGreaterThan(urgencyOf(opening, nowMs));
});

test('of sales without news the one whose opening is nearest comes first, also before its first status', () => {
  const near = parsedOf(saleOf({ opensAtMs: t0 + minute }), null);
  const far = parsedOf(saleOf({ opensAtMs: t0 + hour }), 1);
  const unreadable = { ...parsedOf(saleOf(), 1), sale: null };
  const inOrder = [near, far, unreadable].toSorted((a, b) => urgencyOf(b, t0) - urgencyOf(a, t0));
  expect(inOrder).toEqual([near, far, unreadable]);
});

test('failures of booking make a sale wait, and never past the time when a deleted one is let go', () => {
  const sale = saleOf({ opensAtMs: t0 + 48 * hour });
  const keep = { wakeAtMs: t0 + second, finalize: { kind: 'keep' } } as const;
  expect(pauseAfter({ sale, plan: keep, failures: 0, nowMs: t0 })).toBe(second);
  expect(pauseAfter({ sale, plan: keep, failures: 20, nowMs: t0 })).toBe(30 * second);
  expect(pauseAfter({ sale: saleOf(), plan: keep, failures: 20, nowMs: t0 })).toBe(5 * second);
  const wait = { wakeAtMs: t0 + second, finalize: { kind: 'wait', untilMs: t0 + 4 * second } } as const;
  expect(pauseAfter({ sale, plan: wait, failures: 20, nowMs: t0 })).toBe(4 * second);
});
