/** What booking is told, and what an operator that knows less than booking does not tell it. */
import { describe, expect, it, test } from 'vitest';
import { armedOf, lookAt, minute, saleOf, t0 } from '../../test/plan-fixture.ts';
import { refusalOf } from './arming.ts';

describe('missingCommand', () => {
  // A new leader takes a higher epoch: nothing but this keeps its old copy of the sale from undoing a Stop.
  it('does not tell booking an older generation than it stores, whatever the epoch', () => {
    const seen = saleOf({ generation: 5 });
    const stopped = armedOf(saleOf({ generation: 6, intent: 'Stop' }));
    const { plan, says } = lookAt(t0 + minute, { sale: seen, observed: { booking: stopped } });
    expect(plan.arm).toBeNull();
    expect(says('Armed')).toBe('False/StaleEpoch');
  });

  it('does not arm again what a newer generation of the same sale disarmed', () => {
    const seen = saleOf({ generation: 5 });
    const tombstone = armedOf(saleOf({ generation: 6 }), { armed: false });
    const { plan, says } = lookAt(t0 + minute, { sale: seen, observed: { booking: tombstone } });
    expect(plan.arm).toBeNull();
    expect(says('Armed')).toBe('False/StaleEpoch');
  });

  it('tells a newer generation', () => {
    const sale = saleOf({ generation: 7, intent: 'Run' });
    const stopped = armedOf(saleOf({ generation: 6, intent: 'Stop' }));
    const { plan } = lookAt(t0 + minute, { sale, observed: { booking: stopped } });
    expect(plan.arm).toMatchObject({ generation: 7, intent: 'Run' });
  });
});

// During an upgrade an older booking refuses a member that it does not know: nobody has to edit the sale for that.
test('a refusal is believed for a minute, then booking is asked again; another generation is asked at once', () => {
  const refusal = { generation: 1, why: 'booking refused with 400', atMs: t0 };
  expect(refusalOf(refusal, saleOf(), t0 + minute - 1)).toBe(refusal.why);
  expect(refusalOf(refusal, saleOf(), t0 + minute)).toBeNull();
  expect(refusalOf(refusal, saleOf({ generation: 2 }), t0)).toBeNull();
  // The wall clock was set back.
  expect(refusalOf(refusal, saleOf(), t0 - minute)).toBeNull();
});
