/** When a sale opened and closed, told from what is seen now and what was said last. */
import { expect, test } from 'vitest';
import {
  armedOf,
  closesAt,
  hour,
  lookAt,
  minute,
  nothingRecorded,
  saleOf,
  second,
  t0,
} from '../../test/plan-fixture.ts';

test('a sale that was stopped at its time opens when it runs again, and is that late', () => {
  const stopped = saleOf({ generation: 2, intent: 'Stop' });
  const before = lookAt(t0 + minute, { sale: stopped, observed: { booking: armedOf(stopped) } });
  expect(before.says('SaleOpen')).toBe('False/Stopped');
  const runs = saleOf({ generation: 3, recorded: { ...nothingRecorded, closedAtMs: t0 } });
  const nowMs = t0 + 2 * minute;
  const booking = armedOf(runs, { openedAtMs: t0 });
  const { status } = lookAt(nowMs, { sale: runs, observed: { booking }, previous: before.status });
  expect(status).toMatchObject({ openedAt: new Date(nowMs).toISOString(), openLatenessMillis: 2 * minute });
});

const opened = { ...nothingRecorded, openedAtMs: t0, openLatenessMs: 0, epoch: 5 };

test('a sale whose close is moved into the past closes when booking was told, and drains from then on', () => {
  const nowMs = closesAt - minute;
  const before = lookAt(nowMs - second, { sale: saleOf({ recorded: opened }) });
  expect(before.says('SaleOpen')).toBe('True/Open');
  const edited = saleOf({ generation: 2, closesAtMs: t0 + hour, recorded: opened });
  const sells = armedOf(saleOf({ recorded: opened }), { openedAtMs: t0, held: 7 });
  const untold = lookAt(nowMs, { sale: edited, observed: { booking: sells }, previous: before.status });
  expect(untold.plan.facts.closedAtMs).toBeNull();
  // Also where it took booking some tries: the status of the new generation says that it still sold.
  for (const previous of [before.status, untold.status]) {
    const told = armedOf(edited, { openedAtMs: t0, held: 7 });
    const { plan } = lookAt(nowMs, { sale: edited, observed: { booking: told }, previous });
    expect(plan.facts).toMatchObject({ closedAtMs: nowMs, drainedAtMs: null });
    expect(plan.stage).toBe('Draining');
  }
});

test('a close that nobody watched is remembered as the time that was set', () => {
  const sale = saleOf({ recorded: opened });
  const before = lookAt(closesAt - second, { sale });
  const booking = armedOf(sale, { openedAtMs: t0, held: 7 });
  const { plan } = lookAt(closesAt + minute, { sale, observed: { booking }, previous: before.status });
  expect(plan.facts.closedAtMs).toBe(closesAt);
});
