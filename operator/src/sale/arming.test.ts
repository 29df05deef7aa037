/** What booking is told, and what an operator that knows less than booking does not tell it. */
import { describe, expect, it } from 'vitest';
import { armedOf, lookAt, minute, saleOf, t0 } from '../../test/plan-fixture.ts';

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
