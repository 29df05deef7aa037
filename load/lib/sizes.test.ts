import { expect, test } from 'vitest';
import { buyersOf, changedSizes, fillersOf, readSizes, scriptNames, sizesOf } from './sizes.ts';

test('every script runs without any variable', () => {
  for (const script of scriptNames) {
    const sizes = readSizes(script, {});
    expect(sizes.seats).toBeGreaterThan(0);
    expect(buyersOf(script, sizes)).toBeLessThan(50_000);
  }
});

test('variables change the sizes that a script takes, and no others', () => {
  const env = { RATE: '7', DURATION_SECONDS: '3', SEATS: '20', EVENTS: '9', START_RATE: '' };
  expect(readSizes('on-sale', env)).toMatchObject({ rate: 7, seconds: 3, seats: 20, events: 1 });
  expect(readSizes('browse', env)).toMatchObject({ rate: 7, events: 9 });
  expect(sizesOf('on-sale').map(({ variable }) => variable)).toEqual(['RATE', 'DURATION_SECONDS', 'SEATS']);
});

test.each(['0', '-1', '1.5', 'many', '99999999'])('RATE=%s is refused with a sentence', (RATE) => {
  expect(() => readSizes('on-sale', { RATE })).toThrow(/^RATE must be a whole number from 1 to 50000/);
});

test('a run that needs more buyers than are prepared is refused', () => {
  expect(() => readSizes('on-sale', { RATE: '50000', DURATION_SECONDS: '60' })).toThrow(/lower RATE/);
});

test('a ramp and a soak have a seat for every arrival', () => {
  expect(readSizes('ramp', { START_RATE: '100', RATE: '300', DURATION_SECONDS: '10' }).seats).toBe(2_030);
  expect(readSizes('soak', { RATE: '10', DURATION_SECONDS: '100' }).seats).toBe(1_020);
});

test('the buyers of a storm are its arrivals and those who fill the house before', () => {
  const sizes = readSizes('sold-out-storm', { RATE: '100', DURATION_SECONDS: '1', SEATS: '21' });
  expect([fillersOf(sizes), buyersOf('sold-out-storm', sizes)]).toEqual([3, 111 + 3]);
});

test('a variable that a prepared run can no longer follow is named', () => {
  const prepared = readSizes('on-sale', { RATE: '100' });
  expect(changedSizes('on-sale', prepared, { RATE: '100', EVENTS: '5' })).toEqual([]);
  expect(changedSizes('on-sale', prepared, { RATE: '200' })).toEqual(['RATE=100']);
});
