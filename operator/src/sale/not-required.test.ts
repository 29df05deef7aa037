import { expect, test } from 'vitest';
import { lookAt, podsOf, t0, warmResultsOf } from '../../test/plan-fixture.ts';
import type { WarmResult } from './model.ts';

const minute = 60_000;
const pods = podsOf(8);
const failed: WarmResult = {
  task: 'Search',
  at: 'search',
  result: 'failed',
  items: 0,
  seconds: 0,
  atMs: t0 - minute,
  error: 'search did not answer within 60000 ms: fetch failed',
};
const withoutSearch = warmResultsOf(pods, t0 - minute).filter(({ task }) => task !== 'Search');

function messageOf(atMs: number, warm: readonly WarmResult[]): string {
  const { status } = lookAt(atMs, { observed: { pods, warm } });
  return status.conditions?.find(({ type }) => type === 'CachesWarm')?.message ?? '';
}

test('a task that is not required and fails is told where people look, and holds nothing up', () => {
  const seen = { observed: { pods, warm: [...withoutSearch, failed] } };
  const { plan, status, says } = lookAt(t0 - minute / 2, seen);
  expect(plan.stage).toBe('Armed');
  expect(says('CachesWarm')).toBe('True/Warm');
  expect(says('Ready')).toBe('True/Armed');
  expect(messageOf(t0 - minute / 2, seen.observed.warm)).toBe(
    'Every Required task is done on every ready pod. Not warm, and not required: Search. Search did not answer within 60000 ms: fetch failed.',
  );
  expect(status.warm?.find(({ name }) => name === 'Search')).toMatchObject({ result: 'Failed', pods: 0 });
});

test('beside a required task that is missing it is told as well, and what to do still ends the message', () => {
  const cold = withoutSearch.map((result, index): WarmResult => ({
    ...result,
    ...(index === 0 && { result: 'failed', error: 'the pod is gone' }),
  }));
  const message = messageOf(t0 - minute / 2, [...cold, failed]);
  expect(message).toMatch(/^Inventory failed: The pod is gone\. Not warm, and not required: Search\./);
  expect(message).toMatch(/or make the task BestEffort\.$/);
});

test('what is warm, or was not tried yet, is no news', () => {
  const plain = 'Every Required task is done on every ready pod.';
  expect(messageOf(t0 - minute / 2, withoutSearch)).toBe(plain);
  expect(messageOf(t0 - minute / 2, warmResultsOf(pods, t0 - minute))).toBe(plain);
});
