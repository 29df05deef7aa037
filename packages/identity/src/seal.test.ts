import { expect, test } from 'vitest';
import { createSeal } from './seal.ts';

const seal = createSeal('a secret of the tests, 32 characters long');
const other = createSeal('another secret of the tests, also 32 long');

test('what was sealed opens with the same secret and context only', () => {
  const sealed = seal.sealBytes(Buffer.from('private'), 'key-1');
  expect(seal.openBytes(sealed, 'key-1')?.toString()).toBe('private');
  expect(seal.openBytes(sealed, 'key-2')).toBeNull();
  expect(other.openBytes(sealed, 'key-1')).toBeNull();
  expect(sealed.includes('private')).toBe(false);
});

test('a changed byte is noticed wherever it stands', () => {
  const sealed = seal.sealBytes(Buffer.from('private'), 'key-1');
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(seal.openBytes(changed, 'key-1')).toBeNull();
  }
});

test('text that was never sealed opens to nothing', () => {
  expect(seal.open('')).toBeNull();
  expect(seal.open('not sealed, but long enough to hold a nonce and a tag')).toBeNull();
  expect(seal.open(seal.seal('ж'))).toBe('ж');
});

test('pseudonyms and successors are stable, and useless to another secret', () => {
  expect(seal.pseudonym('a@example.com')).toBe(seal.pseudonym('a@example.com'));
  expect(seal.pseudonym('a@example.com')).not.toBe(other.pseudonym('a@example.com'));
  expect(seal.successor('token')).toMatch(/^[\w-]{43}$/);
  expect(seal.successor('token')).not.toBe(other.successor('token'));
  expect(seal.successor('token')).not.toBe(seal.pseudonym('token'));
});
