import { expect, test } from 'vitest';
import { judge, type Judged } from './judge.ts';

const strict = { fills: true, quiet: true, keeps: true };
const stock = { capacity: 10, available: 0, taken: 10, booked: 10 };
const clean: Judged = {
  answers: { 200: 10, 409: 5 },
  oversold: 0,
  lost: 0,
  duplicates: 0,
  sold: 10,
  fill: 1,
  brokenInvariants: [],
};

test('a full house with refusals is without a fault', () => {
  expect(judge(clean, stock, strict)).toEqual([]);
});

test.each([
  ['seats sold twice', { oversold: 1 }, 'sold twice'],
  ['a lost reservation', { lost: 2 }, 'gone'],
  ['a reservation of two buyers', { duplicates: 1 }, 'two buyers'],
  ['an empty seat', { fill: 0.9 }, '90.0 %'],
  ['a server error', { answers: { 200: 9, 500: 1 } }, '1 x 500'],
  ['a broken invariant', { brokenInvariants: ['I2 does not hold'] }, 'I2'],
  ['more acknowledged than booked', { sold: 11 }, '11 seats were acknowledged'],
])('%s is a fault', (_name, change, said) => {
  expect(judge({ ...clean, ...change }, stock, strict).join()).toContain(said);
});

test('counters that disagree with the bookings are a fault whatever is expected', () => {
  const lenient = { fills: false, quiet: false, keeps: false };
  expect(judge(clean, { ...stock, taken: 9, available: 1 }, lenient)).toHaveLength(1);
  expect(judge(clean, { ...stock, available: 1 }, lenient)).toHaveLength(1);
});
