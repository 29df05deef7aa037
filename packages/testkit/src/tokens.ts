/** Access tokens and verifiers for tests, signed with a key of their own. */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { createTokenVerifier, type TokenVerifier } from '@evently/kit/auth';

export const testIssuers = { user: 'evently-user', admin: 'evently-event' } as const;
export const testAudience = 'evently';
const keyId = 'test-key';

export type TestTokens = {
  verifier: TokenVerifier;
  privateKey: KeyObject;
  user: (userId?: string) => Promise<string>;
  admin: (permissions?: readonly string[]) => Promise<string>;
};

export function createTestTokens(nowMs: () => number = () => Date.now()): TestTokens {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = {
    find: (kid: string) => (kid === keyId ? publicKey : undefined),
    known: () => 1,
    refresh: () => Promise.resolve(),
  };
  const sign = (issuer: string, subject: string, claims: Record<string, unknown>): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: keyId, typ: 'at+jwt' })
      .setIssuer(issuer)
      .setAudience(testAudience)
      .setSubject(subject)
      .setJti(randomUUID())
      .setIssuedAt(Math.floor(nowMs() / 1000))
      .setExpirationTime(Math.floor(nowMs() / 1000) + 900)
      .sign(privateKey);
  return {
    privateKey,
    verifier: createTokenVerifier(
      [
        { issuer: testIssuers.user, audience: testAudience, role: 'user', keys },
        { issuer: testIssuers.admin, audience: testAudience, role: 'admin', keys },
      ],
      nowMs,
    ),
    user: (userId = randomUUID()) => sign(testIssuers.user, userId, { role: 'user' }),
    admin: (permissions = ['*']) => sign(testIssuers.admin, randomUUID(), { role: 'admin', permissions }),
  };
}
