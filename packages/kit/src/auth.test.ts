import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTestTokens } from '@evently/testkit/tokens';
import { createTokenVerifier, KeysUnavailable, type KeySource, type TokenVerifier } from './auth.ts';

const buyers = generateKeyPairSync('rsa', { modulusLength: 2048 });
const admins = generateKeyPairSync('rsa', { modulusLength: 2048 });
const nowMs = 1_800_000_000_000;
const nowSeconds = nowMs / 1000;
const userId = '00000000-0000-4000-8000-000000000001';

const keysOf = (keyId: string, key: KeyObject): KeySource => ({
  find: (asked) => (asked === keyId ? key : undefined),
  known: () => 1,
  refresh: () => Promise.resolve(),
});
function verifierAt(clock: () => number = () => nowMs): TokenVerifier {
  return createTokenVerifier(
    [
      { issuer: 'users', audience: 'evently', role: 'user', keys: keysOf('u1', buyers.publicKey) },
      { issuer: 'staff', audience: 'evently', role: 'admin', keys: keysOf('a1', admins.publicKey) },
    ],
    clock,
  );
}

const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const goodHeader = { alg: 'RS256', kid: 'u1', typ: 'at+jwt' };
const goodClaims = {
  iss: 'users',
  aud: 'evently',
  sub: userId,
  jti: 'j',
  iat: nowSeconds,
  exp: nowSeconds + 60,
};
function tokenOf(header: object, claims: object, key = buyers.privateKey): string {
  const text = `${encode({ ...goodHeader, ...header })}.${encode({ ...goodClaims, ...claims })}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}

test('a token is its buyer’s, also when its header was seen before, and stops with its time', async () => {
  let time = nowMs;
  const verifier = verifierAt(() => time);
  const token = tokenOf({}, { permissions: ['*'] });
  const principal = { id: userId, role: 'user', permissions: [], expiresAtMs: nowMs + 60_000 };
  expect(await verifier.verify(token)).toEqual(principal);
  expect(verifier.verify(token)).toEqual(principal);
  expect(await verifier.verify(tokenOf({}, { jti: 'another' }))).toEqual(principal);
  time = nowMs + 60_000;
  expect(verifier.verify(token)).toBeNull();
  expect(await verifier.verify(token)).toBeNull();
});

test('nothing else is let in, neither alone nor beside good tokens of one turn', async () => {
  const good = tokenOf({}, {});
  const unsigned = good.slice(0, good.lastIndexOf('.'));
  const symmetric = `${encode({ ...goodHeader, alg: 'HS256' })}.${encode(goodClaims)}`;
  const secret = buyers.publicKey.export({ type: 'spki', format: 'pem' });
  const bad = [
    tokenOf({ alg: 'none' }, {}),
    `${unsigned}.`,
    unsigned,
    `${symmetric}.${createHmac('sha256', secret).update(symmetric).digest('base64url')}`,
    tokenOf({ alg: 'RS512' }, {}),
    tokenOf({ typ: 'JWT' }, {}),
    tokenOf({ crit: ['exp'] }, {}),
    tokenOf({ kid: 'unknown' }, {}),
    tokenOf({ kid: '__proto__' }, {}),
    // Keys are those of the issuer that the claims name, whoever's key id the header has.
    tokenOf({}, { iss: 'staff' }),
    tokenOf({ kid: 'a1' }, {}),
    tokenOf({ kid: 'a1' }, { iss: 'staff' }),
    tokenOf({ kid: 'a1' }, {}, admins.privateKey),
    tokenOf({}, { iss: 'strangers' }),
    tokenOf({}, { aud: 'others' }),
    tokenOf({}, { aud: [] }),
    tokenOf({}, { exp: nowSeconds }),
    tokenOf({}, { exp: '9999999999' }),
    tokenOf({}, { nbf: nowSeconds + 10 }),
    tokenOf({}, { iat: nowSeconds + 10 }),
    tokenOf({}, { sub: 'nobody' }),
    `${good} `,
    `${good}\n`,
    ` ${good}`,
    `${good}=`,
    `${good}.${good}`,
    tokenOf({}, { filler: 'x'.repeat(5_000) }),
    '..',
    '',
  ];
  const verifier = verifierAt();
  for (const token of bad) expect(await verifier.verify(token), token).toBeNull();
  // Twice: their headers were seen, and the good one's is remembered.
  for (let round = 0; round < 2; round += 1) {
    const asked = bad.flatMap((token) => [token, tokenOf({}, { jti: `${round} ${token.length}` })]);
    const told = await Promise.all(asked.map(async (token) => verifier.verify(token)));
    expect(told.map((principal) => principal?.id ?? null)).toEqual(bad.flatMap(() => [null, userId]));
  }
});

test('keys that cannot be had fail the request that needs them and no other', async () => {
  const keys: KeySource = {
    find: (keyId) => (keyId === 'u1' ? buyers.publicKey : undefined),
    known: () => 0,
    refresh: () => Promise.reject(new Error('no keys')),
  };
  const verifier = createTokenVerifier(
    [{ issuer: 'users', audience: 'evently', role: 'user', keys }],
    () => nowMs,
  );
  const told = await Promise.allSettled(
    [tokenOf({}, {}), tokenOf({ kid: 'u2' }, {}), tokenOf({}, { jti: 'k' })].map(async (token) =>
      verifier.verify(token),
    ),
  );
  expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('an issuer that never answered makes nobody a stranger: its tokens cannot be judged', async () => {
  const keys: KeySource = { find: () => undefined, known: () => 0, refresh: () => Promise.resolve() };
  const verifier = createTokenVerifier(
    [{ issuer: 'users', audience: 'evently', role: 'user', keys }],
    () => nowMs,
  );
  await expect(verifier.verify(tokenOf({}, {}))).rejects.toThrow(KeysUnavailable);
  expect(await verifier.verify(tokenOf({}, { iss: 'strangers' }))).toBeNull();
});

test('a herd of new tokens is let in and its forgeries are not, each with its own principal', async () => {
  const tokens = createTestTokens();
  const foreign = createTestTokens();
  const herd = await Promise.all(
    Array.from({ length: 40 }, async (_, at) => {
      const buyerId = `00000000-0000-4000-8000-0000000000${String(at).padStart(2, '0')}`;
      return { buyerId, forged: at % 4 === 0, token: await (at % 4 === 0 ? foreign : tokens).user(buyerId) };
    }),
  );
  const principals = await Promise.all(herd.map(async ({ token }) => tokens.verifier.verify(token)));
  expect(principals.map((principal) => principal?.id ?? null)).toEqual(
    herd.map(({ buyerId, forged }) => (forged ? null : buyerId)),
  );
  // What was verified is remembered: the answer comes at once.
  const again = tokens.verifier.verify(herd[1]?.token ?? '');
  expect(again).toMatchObject({ id: herd[1]?.buyerId });
});
