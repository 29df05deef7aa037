/** When a sale asks for pods. */
import { expect, test } from 'vitest';
import { closesAt, hour, leadMs, minute, nothingRecorded, saleOf, t0 } from '../../test/plan-fixture.ts';
import { floorWindowOf } from './window.ts';

const opened = { ...nothingRecorded, openedAtMs: t0 };

test('a close that is moved into the past keeps the pods until it is seen, and through the drain after that', () => {
  const nowMs = closesAt - minute;
  const sale = saleOf({ closesAtMs: t0 + hour, recorded: opened });
  expect(floorWindowOf(sale, leadMs, nowMs, 7)).toMatchObject({
    closeMs: nowMs,
    untilMs: nowMs + 30 * minute,
  });
  const closed = saleOf({ closesAtMs: t0 + hour, recorded: { ...opened, closedAtMs: nowMs } });
  expect(floorWindowOf(closed, leadMs, nowMs + minute, 7)).toMatchObject({
    closeMs: nowMs,
    untilMs: nowMs + 30 * minute,
  });
});

test('a close that was moved on again counts, whatever was recorded before', () => {
  const sale = saleOf({ recorded: { ...opened, closedAtMs: closesAt - hour } });
  expect(floorWindowOf(sale, leadMs, closesAt - minute, 7)).toMatchObject({ closeMs: closesAt });
});
