import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createKeySource, createTokenVerifier } from '@evently/kit/auth';
import { systemClock } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { identityMigrations } from './migrations.ts';
import { createSeal } from './seal.ts';
import { createSigningKeys, type SigningKeys } from './signing-keys.ts';

const log = createLogger('test', 'silent');
const secret = 'a secret of the tests, 32 characters long';
const subject = '0198a000-0000-7000-8000-000000000001';
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase([identityMigrations]);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.db.query('delete from signing_keys');
});

function pod(sealSecret = secret): SigningKeys {
  return createSigningKeys({
    db: database.db,
    log,
    clock: systemClock,
    config: { IDENTITY_ACCESS_TOKEN_SECONDS: 900, IDENTITY_KEY_ROTATION_SECONDS: 86_400 },
    issuer: 'evently-user',
    audience: 'evently',
    seal: createSeal(sealSecret),
  });
}

function verifierOf(keys: SigningKeys) {
  const source = createKeySource(() => keys.jwks(), Date.now, log);
  return createTokenVerifier(
    [{ issuer: 'evently-user', audience: 'evently', role: 'user', keys: source }],
    Date.now,
  );
}

async function age(seconds: number): Promise<void> {
  await database.db.query(
    `update signing_keys set created_at = created_at - make_interval(secs => $1),
       activated_at = activated_at - make_interval(secs => $1), retired_at = retired_at - make_interval(secs => $1)`,
    [seconds],
  );
}

async function statuses(): Promise<string[]> {
  const { rows } = await database.db.query<{ status: string }>(
    'select status from signing_keys order by created_at',
  );
  return rows.map((row) => row.status);
}

test('a token carries what RFC 9068 asks for, and verifies', async () => {
  const keys = pod();
  const token = await keys.sign({ subject, role: 'user' });
  const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  const kid = (await keys.jwks()).keys[0]?.kid;
  expect(JSON.parse(header ?? '')).toEqual({ alg: 'RS256', kid, typ: 'at+jwt' });
  const payload: unknown = JSON.parse(claims ?? '');
  expect(payload).toMatchObject({
    iss: 'evently-user',
    aud: 'evently',
    sub: subject,
    role: 'user',
    permissions: [],
  });
  expect(payload).toEqual(
    expect.objectContaining({ jti: expect.any(String), iat: expect.any(Number), exp: expect.any(Number) }),
  );
  expect(await verifierOf(keys).verify(token)).toMatchObject({ id: subject, role: 'user' });
});

test('pods that start together share one key', async () => {
  const pods = [pod(), pod(), pod()];
  await Promise.all(pods.map((each) => each.rotate()));
  await Promise.all(pods.map((each) => each.rotate()));
  expect(await statuses()).toEqual(['current']);
  const published = await Promise.all(pods.map((each) => each.jwks()));
  expect(new Set(published.map((jwks) => jwks.keys[0]?.kid)).size).toBe(1);
});

test('a rotation leaves old tokens valid until they run out, and publishes a key before it signs', async () => {
  const keys = pod();
  const oldToken = await keys.sign({ subject, role: 'user' });
  await age(86_400 - 600);
  await keys.rotate();
  expect(await statuses()).toEqual(['current', 'next']);
  const early = await keys.sign({ subject, role: 'user' });
  expect(kidOf(early)).toBe(kidOf(oldToken));
  const verifier = verifierOf(keys);
  expect(await verifier.verify(early)).not.toBeNull();

  await age(600);
  await keys.rotate();
  expect(await statuses()).toEqual(['retired', 'current']);
  const newToken = await keys.sign({ subject, role: 'user' });
  expect(kidOf(newToken)).not.toBe(kidOf(oldToken));
  // The same verifier knows the new key already: it was published ahead.
  expect(await verifier.verify(newToken)).toMatchObject({ id: subject });
  expect(await verifierOf(keys).verify(oldToken)).toMatchObject({ id: subject });

  await age(900 + 301);
  await keys.rotate();
  expect(await statuses()).toEqual(['current']);
  expect(await verifierOf(keys).verify(oldToken)).toBeNull();
});

test('a dump of the table holds no private key in clear, and another secret does not open it', async () => {
  await pod().rotate();
  const { rows } = await database.db.query<{ text: string }>(
    'select signing_keys::text as text from signing_keys',
  );
  expect(rows[0]?.text).not.toMatch(/PRIVATE|"d"/);
  await expect(
    pod('another secret of the tests, also 32 long').sign({ subject, role: 'user' }),
  ).rejects.toThrow(/IDENTITY_SECRET/);
});

test('a start without a database is waited for, not an error', async () => {
  const { db } = await createTestDatabase([identityMigrations]);
  await db.close();
  const keys = createSigningKeys({
    db,
    log,
    clock: systemClock,
    config: { IDENTITY_ACCESS_TOKEN_SECONDS: 900, IDENTITY_KEY_ROTATION_SECONDS: 86_400 },
    issuer: 'i',
    audience: 'a',
    seal: createSeal(secret),
  });
  await keys.start();
  await expect(keys.sign({ subject, role: 'user' })).rejects.toThrow(/not available/);
  await keys.stop();
});

function kidOf(token: string): unknown {
  const header: unknown = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
  return typeof header === 'object' && header !== null && 'kid' in header ? header.kid : undefined;
}
