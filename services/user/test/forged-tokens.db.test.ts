import {
  constants,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  type KeyObject,
} from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createSeal } from '@evently/identity/seal';
import {
  problem,
  registerSomebody,
  send,
  startUserService,
  type Person,
  type UserServiceUnderTest,
} from './user-service.ts';

const secret = 'a secret of the forgeries, 32 or more';
let under: UserServiceUnderTest;
let victim: Person;
let signingKey: KeyObject;
let publicPem: string;
let publicJwk: Record<string, unknown>;
let keyId: string;
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

beforeAll(async () => {
  under = await startUserService({ IDENTITY_SECRET: secret });
  victim = await registerSomebody(under);
  const { rows } = await under.database.db.query<{ key_id: string; sealed_private_key: Buffer }>(
    'select key_id, sealed_private_key from signing_keys',
  );
  const stored = rows[0];
  const der = stored && createSeal(secret).openBytes(stored.sealed_private_key, stored.key_id);
  if (!stored || !der) throw new Error('there is no signing key');
  keyId = stored.key_id;
  const { createPrivateKey } = await import('node:crypto');
  signingKey = createPrivateKey({ key: der, type: 'pkcs8', format: 'der' });
  const publicKey = createPublicKey(signingKey);
  publicPem = publicKey.export({ type: 'spki', format: 'pem' });
  publicJwk = z.record(z.string(), z.unknown()).parse(publicKey.export({ format: 'jwk' }));
});
afterAll(() => under.close());

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1000);
const header = (): Record<string, unknown> => ({ alg: 'RS256', kid: keyId, typ: 'at+jwt' });
const claims = (): Record<string, unknown> => ({
  iss: 'evently-user',
  aud: 'evently',
  sub: victim.userId,
  jti: randomUUID(),
  iat: now(),
  exp: now() + 600,
  role: 'user',
  permissions: [],
});
/** A token signed with the true key unless told otherwise. */
function token(head: unknown, body: unknown, key: KeyObject = signingKey): string {
  const signed = `${encode(head)}.${encode(body)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
}
function hmacToken(head: unknown, body: unknown, key: string): string {
  const signed = `${encode(head)}.${encode(body)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}
const raw = (head: unknown, body: unknown, signature: string): string =>
  `${encode(head)}.${encode(body)}.${signature}`;
const signatureOf = (text: string): string => text.split('.')[2] ?? '';

const forgeries: Record<string, () => string> = {
  'alg none, no signature': () => raw({ ...header(), alg: 'none' }, claims(), ''),
  'alg None with a true signature': () =>
    raw({ ...header(), alg: 'None' }, claims(), signatureOf(token(header(), claims()))),
  'HS256 keyed with the public PEM': () => hmacToken({ ...header(), alg: 'HS256' }, claims(), publicPem),
  'HS256 keyed with the public modulus': () =>
    hmacToken({ ...header(), alg: 'HS256' }, claims(), String(publicJwk['n'])),
  'RS256 header over an HMAC': () => hmacToken(header(), claims(), publicPem),
  'RS512 with the true key': () => token({ ...header(), alg: 'RS512' }, claims()),
  'PS256 padding under an RS256 header': () => {
    const signed = `${encode(header())}.${encode(claims())}`;
    const key = { key: signingKey, padding: constants.RSA_PKCS1_PSS_PADDING };
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  },
  'a key of a stranger under the true kid': () => token(header(), claims(), stranger.privateKey),
  'an unknown kid': () => token({ ...header(), kid: 'unknown' }, claims(), stranger.privateKey),
  'no kid': () => token({ alg: 'RS256', typ: 'at+jwt' }, claims()),
  'a path as kid': () => token({ ...header(), kid: '../../../../dev/null' }, claims(), stranger.privateKey),
  'SQL as kid': () => token({ ...header(), kid: "' or '1'='1" }, claims(), stranger.privateKey),
  '__proto__ as kid': () => token({ ...header(), kid: '__proto__' }, claims(), stranger.privateKey),
  'an embedded jwk': () =>
    token(
      { ...header(), kid: 'mine', jwk: stranger.publicKey.export({ format: 'jwk' }) },
      claims(),
      stranger.privateKey,
    ),
  'a jku of the attacker': () =>
    token({ ...header(), jku: 'https://attacker.example/jwks.json' }, claims(), stranger.privateKey),
  'a critical extension': () => token({ ...header(), crit: ['b64'], b64: true }, claims()),
  'an ID token of the same issuer': () => token({ ...header(), typ: 'JWT' }, claims()),
  'no type': () => token({ alg: 'RS256', kid: keyId }, claims()),
  'another audience': () => token(header(), { ...claims(), aud: 'another' }),
  'no audience': () => token(header(), { ...claims(), aud: undefined }),
  'another issuer': () => token(header(), { ...claims(), iss: 'https://attacker.example' }),
  "the administrators' issuer": () =>
    token(header(), { ...claims(), iss: 'evently-event', role: 'admin', permissions: ['*'] }),
  'issuer and audience swapped': () => token(header(), { ...claims(), iss: 'evently', aud: 'evently-user' }),
  'a life that is over': () => token(header(), { ...claims(), iat: now() - 1_000, exp: now() - 1 }),
  'no end': () => token(header(), { ...claims(), exp: undefined }),
  'an end that is a text': () => token(header(), { ...claims(), exp: '9999999999' }),
  'a beginning that is to come': () => token(header(), { ...claims(), nbf: now() + 300 }),
  'issued in the future': () => token(header(), { ...claims(), iat: now() + 300 }),
  'no subject': () => token(header(), { ...claims(), sub: undefined }),
  'a subject that is no id': () => token(header(), { ...claims(), sub: "' or 1=1 --" }),
  'no jti': () => token(header(), { ...claims(), jti: undefined }),
  'a changed claim under an old signature': () =>
    raw(header(), { ...claims(), sub: randomUUID() }, signatureOf(victim.accessToken)),
  'one part too many': () => `${victim.accessToken}.${signatureOf(victim.accessToken)}`,
  'a duplicated header': () => `${victim.accessToken.split('.')[0]}.${victim.accessToken}`,
  'two parts': () => victim.accessToken.split('.').slice(0, 2).join('.'),
  'a signature with foreign characters': () =>
    `${victim.accessToken.slice(0, -4)}!!${victim.accessToken.slice(-4)}`,
  'a line break inside': () => victim.accessToken.replace('.', '.%0a'),
  'a cut signature': () => victim.accessToken.slice(0, -8),
  'an empty signature': () => `${victim.accessToken.split('.').slice(0, 2).join('.')}.`,
  'a huge token': () => token(header(), { ...claims(), padding: 'x'.repeat(60_000) }),
  'a header that is no JSON': () => raw('not json', claims(), 'c2ln'),
  'a header that is a list': () => raw([], [], 'c2ln'),
  'a refresh token as access token': () => victim.refreshToken,
  'a text': () => 'hello',
};

test('the forger of these tests can make a valid token, so the refusals below are of what each one changes', async () => {
  const answer = await send(under, 'GET', '/api/v1/users/profile', undefined, {
    token: token(header(), claims()),
  });
  expect(answer).toMatchObject({ status: 200, body: { user_id: victim.userId } });
});

test.each(Object.keys(forgeries))('a token with %s opens nothing', async (name) => {
  const forged = forgeries[name]?.() ?? '';
  const profile = await send(under, 'GET', '/api/v1/users/profile', undefined, { token: forged });
  expect(profile).toMatchObject(problem(401, 'unauthorized'));
  const key = 'an-api-key-of-the-tests';
  const verdict = await send(
    under,
    'POST',
    '/internal/auth/verify',
    { token: forged.slice(0, 8_000) },
    { key },
  );
  expect(verdict.body).toEqual({ user_id: null, email: null, valid: false });
});

test('a refused token stays refused, and a good one good, whatever was remembered between', async () => {
  const good = token(header(), claims());
  const bad = `${good.slice(0, -4)}AAAA`;
  for (let turn = 0; turn < 3; turn += 1) {
    expect((await send(under, 'GET', '/api/v1/users/profile', undefined, { token: bad })).status).toBe(401);
    expect((await send(under, 'GET', '/api/v1/users/profile', undefined, { token: good })).status).toBe(200);
  }
});

test('the role in a token of this issuer counts for nothing', async () => {
  const wishful = token(header(), { ...claims(), role: 'admin', permissions: ['*'] });
  const answer = await send(under, 'GET', '/api/v1/users/profile', undefined, { token: wishful });
  expect(answer).toMatchObject({ status: 200, body: { user_id: victim.userId } });
});
