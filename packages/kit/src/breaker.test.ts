import { expect, test } from 'vitest';
import { createBreaker } from './breaker.ts';

const fails = () => Promise.reject(new Error('away'));
const works = () => Promise.resolve('work');
const instead = () => 'instead';

test('after failures in a row nothing is asked until the time is over, then by one at a time', async () => {
  let nowMs = 0;
  const changes: string[] = [];
  const breaker = createBreaker({
    failures: 2,
    openMs: 100,
    nowMs: () => nowMs,
    changed: (state) => changes.push(state),
  });
  expect(await breaker.run(fails, instead)).toBe('instead');
  expect(await breaker.run(works, instead)).toBe('work');
  await breaker.run(fails, instead);
  await breaker.run(fails, instead);
  expect(changes).toEqual(['open']);
  expect(await breaker.run(works, instead)).toBe('instead');
  nowMs = 100;
  const answer = Promise.withResolvers<string>();
  const probe = breaker.run(() => answer.promise, instead);
  expect(await breaker.run(works, instead)).toBe('instead');
  answer.resolve('work');
  expect(await probe).toBe('work');
  expect(await breaker.run(works, instead)).toBe('work');
  expect(changes).toEqual(['open', 'closed']);
});

test('a probe that fails keeps it open for as long again', async () => {
  let nowMs = 0;
  const breaker = createBreaker({ failures: 1, openMs: 100, nowMs: () => nowMs });
  await breaker.run(fails, instead);
  nowMs = 100;
  await breaker.run(fails, instead);
  nowMs = 199;
  expect(await breaker.run(works, instead)).toBe('instead');
  nowMs = 200;
  expect(await breaker.run(works, instead)).toBe('work');
});
