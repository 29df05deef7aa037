import { expect, test } from 'vitest';
import { createLogger } from '@evently/kit/log';
import { minute, podsOf, poolOf, saleOf, second, t0 } from '../../test/plan-fixture.ts';
import { createKnowledge } from '../knowledge.ts';
import type { Sale, WarmResult } from '../sale/model.ts';
import type { World } from '../world.ts';
import type { Autoscaler, LabelledPod } from './contracts.ts';
import { createFloorReconcile } from './controller.ts';
import { createFloorBoard } from './observe.ts';

const clock = { now: () => new Date(t0 - 5 * 60 * minute) };
const never = new AbortController().signal;
const autoscaler: Autoscaler = {
  namespace: 'shop',
  name: 'booking',
  uid: 'uid-booking',
  pool: poolOf(),
  scaleTarget: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'booking' },
  faults: [],
};

/** A world of one pool with `pods`, in which nothing has to be written. */
function worldOf(pods: readonly LabelledPod[], sales: readonly Sale[]): World {
  return {
    sale: () => null,
    autoscaler: () => autoscaler,
    sales: () => sales,
    listSales: () => [],
    isWhole: () => true,
    targetPods: {
      podsOf: () => Promise.resolve({ pods, fault: null, isForbidden: false }),
      targetsOf: () => [],
      forget: () => {},
    },
  };
}

test('the Auto lead time learns what pods took to be scheduled, ready and warm', async () => {
  const took = {
    createdAtMs: t0 - 6 * 60 * minute,
    scheduledAtMs: t0 - 6 * 60 * minute + minute,
    readyAtMs: t0 - 6 * 60 * minute + 9 * minute,
  };
  const pods = podsOf(2, took).map((pod) => ({ ...pod, namespace: 'shop', labels: {}, reason: '' }));
  const sale = saleOf({ leadTime: { kind: 'auto' } });
  const warmed = pods.map(({ name }): WarmResult => ({
    task: 'Inventory',
    at: name,
    result: 'warm',
    items: 1,
    seconds: 180,
    atMs: t0 - 5 * 60 * minute,
    error: null,
  }));
  const world = worldOf(pods, [sale, saleOf({ uid: 'uid-other', targetName: 'other' })]);
  const knowledge = createKnowledge(clock.now().getTime());
  const board = createFloorBoard({ world, knowledge, clock });
  const asked: string[] = [];
  const reconcile = createFloorReconcile({
    world,
    knowledge,
    board,
    clock,
    warmer: {
      resultsOf: (uid) => {
        asked.push(uid);
        return warmed;
      },
    },
    log: createLogger('test', 'silent'),
    metrics: { target: () => {}, targetGone: () => {}, floorConflict: () => {} },
    recorder: { record: () => {}, close: () => Promise.resolve() },
    api: { apply: () => Promise.reject(new Error('nothing is to be written')) },
    effects: { perform: () => Promise.reject(new Error('nothing is to be written')) },
    onPlan: () => {},
  });
  expect(board.leadTimeMsOf(sale)).toBe(10 * minute);
  await reconcile('shop/booking', { signal: never });
  // A minute to a node, eight until it was ready, three until it was warm; and half as much again.
  expect(board.leadTimeMsOf(sale)).toBe(1.5 * (12 * 60 * second));
  expect(asked).toEqual(['uid-final']);
});
