import { expect, test } from 'vitest';
import { argon2Cost, createPasswords } from './passwords.ts';

const config = {
  IDENTITY_HASHES_RUNNING: 2,
  IDENTITY_HASHES_WAITING: 3,
  IDENTITY_PASSWORD_MIN_LENGTH: 8,
  IDENTITY_COMMON_PASSWORDS: 'refused',
} as const;
const cheap = { ...argon2Cost, memoryCost: 64, timeCost: 1 };

async function hashed(password: string, cost = cheap): Promise<string> {
  const outcome = await createPasswords(config, cost).hash(password);
  if (outcome.kind !== 'hashed') throw new Error('the queue was full');
  return outcome.hash;
}

test('a password matches its own hash only', async () => {
  const passwords = createPasswords(config, cheap);
  const hash = await hashed('correct horse');
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
  expect(await passwords.verify('correct horse', hash)).toEqual({ kind: 'match', outdated: false });
  expect(await passwords.verify('correct hors', hash)).toEqual({ kind: 'mismatch' });
});

test('an unknown account never matches', async () => {
  expect(await createPasswords(config, cheap).verify('', null)).toEqual({ kind: 'mismatch' });
});

test('an unknown account costs as much time as a wrong password', async () => {
  const passwords = createPasswords(config);
  const hash = await hashed('correct horse', argon2Cost);
  const timed = async (stored: string | null): Promise<number> => {
    const startedMs = performance.now();
    await passwords.verify('wrong', stored);
    return performance.now() - startedMs;
  };
  // The fastest of many, by turns: whatever else the machine does can only make them slower.
  let [known, unknown] = [Infinity, Infinity];
  const differs = (): boolean => known === Infinity || Math.abs(known - unknown) >= 0.5 * known;
  for (let run = 0; run < 7 || (run < 60 && differs()); run += 1) {
    known = Math.min(known, await timed(hash));
    unknown = Math.min(unknown, await timed(null));
  }
  expect(Math.abs(known - unknown)).toBeLessThan(0.5 * known);
});

test('a hash made with other parameters asks to be made anew', async () => {
  const hash = await hashed('correct horse', { ...cheap, timeCost: 2 });
  expect(await createPasswords(config, cheap).verify('correct horse', hash)).toEqual({
    kind: 'match',
    outdated: true,
  });
});

test('the queue refuses at once what it cannot hold and serves the rest', async () => {
  const passwords = createPasswords(config, cheap);
  const outcomes = await Promise.all(Array.from({ length: 9 }, () => passwords.hash('correct horse')));
  expect(outcomes.map(({ kind }) => kind)).toEqual([
    ...Array<string>(5).fill('hashed'),
    ...Array<string>(4).fill('busy'),
  ]);
  expect(passwords.pending()).toBe(0);
  expect((await passwords.hash('correct horse')).kind).toBe('hashed');
});

test('one password typed on two keyboards is one password', async () => {
  const hash = await hashed('Zoe\u0308 \ufb01ne day');
  expect((await createPasswords(config, cheap).verify('Zo\u00eb fine day', hash)).kind).toBe('match');
});

test('short, endless and common passwords are refused with a sentence', () => {
  const { fault } = createPasswords(config, cheap);
  expect(fault('1234567')).toBe('must have at least 8 characters');
  expect(fault('x'.repeat(201))).toBe('must have at most 200 characters');
  expect(fault('11111111')).toBe('is one of the most common passwords; choose another');
  expect(fault('PassWord123')).toBe('is one of the most common passwords; choose another');
  expect(fault('correct horse')).toBeNull();
  expect(fault('🐴🐴🐴🐴🐴🐴🐴')).toBe('must have at least 8 characters');
});

test('a demonstration may allow seven characters and common passwords', () => {
  const { fault } = createPasswords(
    { ...config, IDENTITY_PASSWORD_MIN_LENGTH: 7, IDENTITY_COMMON_PASSWORDS: 'allowed' },
    cheap,
  );
  expect(fault('1234567')).toBeNull();
  expect(fault('11111111')).toBeNull();
});
