import { expect, test } from 'vitest';
import { armedOf, closesAt, saleOf, second } from '../../test/plan-fixture.ts';
import { heldOf } from './observe.ts';

test.each([
  ['asked before the close, nothing held is no answer', 0, -second, 'Run', null],
  ['asked after it, nothing held is', 0, second, 'Run', 0],
  ['what is held after it is told', 3, second, 'Run', 3],
  ['after a Stop it is closed before its time', 0, -second, 'Stop', 0],
] as const)('%s', (_name, held, sinceCloseMs, intent, expected) => {
  const sale = saleOf();
  const seen = { view: armedOf(sale, { held, intent }), atMs: closesAt + sinceCloseMs };
  expect(heldOf({ views: new Map([[sale.uid, seen]]) }, sale)).toBe(expected);
});

test('what was never asked is not known', () => {
  expect(heldOf({ views: new Map() }, saleOf())).toBe(null);
});
