import { expect, test } from 'vitest';
import { createEditGate } from './edit-gate.ts';

function blockable(): { work: () => Promise<string>; release: () => void } {
  let release = (): void => {};
  const done = new Promise<string>((resolve) => {
    release = () => resolve('done');
  });
  return { work: () => done, release: () => release() };
}
const waitMs = 10_000;

test('no more edits run than there are places, and whoever waited longest is next', async () => {
  const gate = createEditGate({ maxRunning: 1, maxWaiting: 2, waitMs });
  const order: string[] = [];
  const first = blockable();
  const running = gate(first.work);
  const others = ['second', 'third'].map((name) => gate(() => Promise.resolve(order.push(name))));
  expect(await gate(() => Promise.resolve('too many'))).toEqual({ kind: 'busy' });
  expect(order).toEqual([]);
  first.release();
  expect(await running).toEqual({ kind: 'done', value: 'done' });
  await Promise.all(others);
  expect(order).toEqual(['second', 'third']);
});

test('an edit that gets no place in time is told so, and takes none', async () => {
  const gate = createEditGate({ maxRunning: 1, maxWaiting: 2, waitMs: 1 });
  const first = blockable();
  const running = gate(first.work);
  expect(await gate(() => Promise.resolve('late'))).toEqual({ kind: 'busy' });
  first.release();
  await running;
  expect(await gate(() => Promise.resolve('free'))).toEqual({ kind: 'done', value: 'free' });
});

test('an edit that fails leaves its place', async () => {
  const gate = createEditGate({ maxRunning: 1, maxWaiting: 0, waitMs });
  await expect(gate(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  expect(await gate(() => Promise.resolve('free'))).toEqual({ kind: 'done', value: 'free' });
});
