import { expect, test } from 'vitest';
import { isSignatureValid, signBody } from './signature.ts';

const rawBody = '{"id":"evt_1", "amount": 1.50}';
const at = 1_790_000_000;
const check = { rawBody, secrets: ['today', 'before'], nowSeconds: at, toleranceSeconds: 300 };

test('a body signed with either of two secrets is accepted', () => {
  expect(isSignatureValid({ ...check, header: signBody('today', rawBody, at) })).toBe(true);
  expect(isSignatureValid({ ...check, header: signBody('before', rawBody, at) })).toBe(true);
  expect(isSignatureValid({ ...check, header: signBody('other', rawBody, at) })).toBe(false);
});

test('one changed byte, or the same JSON written anew, is refused', () => {
  const header = signBody('today', rawBody, at);
  expect(isSignatureValid({ ...check, header, rawBody: rawBody.replace('1.50', '1.51') })).toBe(false);
  expect(isSignatureValid({ ...check, header, rawBody: JSON.stringify(JSON.parse(rawBody)) })).toBe(false);
});

test('a signature older or newer than 300 s is refused, also with a new time written over it', () => {
  for (const [ageSeconds, valid] of [
    [300, true],
    [301, false],
    [-300, true],
    [-301, false],
  ] as const) {
    expect(isSignatureValid({ ...check, header: signBody('today', rawBody, at - ageSeconds) })).toBe(valid);
  }
  const old = signBody('today', rawBody, at - 5_000);
  expect(isSignatureValid({ ...check, header: old.replace(/t=\d+/, `t=${at}`) })).toBe(false);
});

test('one of several v1 values is enough, so that a sender may rotate its secret', () => {
  const header = `${signBody('unknown', rawBody, at)},${signBody('today', rawBody, at).split(',')[1]}`;
  expect(isSignatureValid({ ...check, header })).toBe(true);
});

test('a missing, malformed or huge header is refused without an error', () => {
  for (const header of [
    undefined,
    '',
    't=',
    'v1=ab',
    `t=${at}`,
    `t=${at},v1=zz`,
    `t=x,v1=${'a'.repeat(64)}`,
    'a'.repeat(5_000),
  ]) {
    expect(isSignatureValid({ ...check, header })).toBe(false);
  }
});
