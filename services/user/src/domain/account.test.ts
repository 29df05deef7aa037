import { expect, test } from 'vitest';
import { isEmail, nameFault, normaliseEmail, syntheticUserId } from './account.ts';

test('addresses of one mailbox have one spelling', () => {
  expect(normaliseEmail(' Asha@Example.COM\t')).toBe('asha@example.com');
  expect(normaliseEmail('zoe\u0308@example.com')).toBe('zo\u00eb@example.com');
});

test.each([
  'asha@example.com',
  'asha+tag@mail.example.co.in',
  "o'brien@example.ie",
  'आशा@उदाहरण.भारत',
  'zoë@bücher.example',
  'a@b.co',
])('%s is an address', (email) => expect(isEmail(email)).toBe(true));

test.each([
  '',
  'asha',
  '@example.com',
  'asha@',
  'asha@example',
  'asha@.com',
  'asha@example..com',
  'a b@example.com',
  'a@b@c.com',
  'asha@example.com\nbcc:x',
  'a\u0000@example.com',
  '"a"@example.com',
  'a,b@example.com',
  '<a@example.com>',
  'a\u202e@example.com',
  `${'x'.repeat(65)}@example.com`,
  `a@${'x'.repeat(260)}.com`,
])('%j is no address', (email) => expect(isEmail(email)).toBe(false));

test('checking a hostile address takes no long time', () => {
  const startedMs = performance.now();
  // Two ways to match each part would be 2^120 steps; the limit is for the slowest machine.
  isEmail(`a@${'a.'.repeat(120)}`);
  isEmail(`a@${'-'.repeat(240)}`);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

test('names of any script are fine; control characters and half characters are not', () => {
  for (const name of ['x', 'अर्जुन', '👩‍👩‍👧', '👍'.repeat(120)]) expect(nameFault(name)).toBeNull();
  for (const name of ['', 'a\nb', '\u0000', 'a\u007f', '\ud83d', 'x'.repeat(121)])
    expect(nameFault(name)).not.toBeNull();
});

test('the buyers of one seed are the same every time and all different', () => {
  const ids = Array.from({ length: 500 }, (_, at) => syntheticUserId('seed', at));
  expect(new Set(ids).size).toBe(500);
  expect(ids[7]).toBe(syntheticUserId('seed', 7));
  expect(ids[7]).not.toBe(syntheticUserId('other', 7));
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
});
