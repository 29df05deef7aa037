/** Access tokens: RS256 keys kept sealed in PostgreSQL, rotated by whichever pod comes first, published as JWKS. */
import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, SignJWT } from 'jose';
import { z } from 'zod';
import type { Role } from '@evently/kit/auth';
import { startTicker, type Clock, type Ticker } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import type { Logger } from '@evently/kit/log';
import { DatabaseUnavailable, isDatabaseUnavailable, type Database, type Sql } from '@evently/kit/postgres';
import { planRotation, type RotationStep } from './domain/key-rotation.ts';
import type { Seal } from './seal.ts';
import type { IdentityConfig } from './settings.ts';
import {
  activateKey,
  deleteKey,
  insertKey,
  listKeys,
  retireCurrentKey,
  tryRotationLock,
  type PublicJwk,
  type StoredKey,
} from './store/signing-keys.ts';

/** Whom an access token speaks of. */
export type TokenSubject = { subject: string; role: Role; permissions?: readonly string[] };
export type Jwks = { keys: (PublicJwk & { kid: string; alg: 'RS256'; use: 'sig' })[] };

export type SigningKeys = {
  /**
   * An access token (RFC 9068: typ at+jwt, iss, aud, sub, jti, iat, exp, role, permissions). About 300 us
   * of a pool thread, not of the event loop. Throws `DatabaseUnavailable` while there is no key and no database.
   */
  sign: (claims: TokenSubject) => Promise<string>;
  /** The public keys verifiers should accept now or soon (RFC 7517). */
  jwks: () => Promise<Jwks>;
  /** One step of the rotation and a reload, as each minute; several pods may do it at the same time. */
  rotate: () => Promise<void>;
  start: () => Promise<void>;
  stop: () => Promise<void>;
};

export type SigningKeysDeps = {
  db: Database;
  log: Logger;
  clock: Clock;
  config: Pick<IdentityConfig, 'IDENTITY_ACCESS_TOKEN_SECONDS' | 'IDENTITY_KEY_ROTATION_SECONDS'>;
  issuer: string;
  audience: string;
  seal: Seal;
};

const rotationTickMs = 60_000;
const modulusBits = 2_048;
const publicJwkSchema = z.object({ kty: z.literal('RSA'), n: z.string(), e: z.string() });

type LoadedKeys = { current: { keyId: string; privateKey: KeyObject } | null; jwks: Jwks };

export function createSigningKeys(deps: SigningKeysDeps): SigningKeys {
  let loaded: LoadedKeys = { current: null, jwks: { keys: [] } };
  let running: Promise<void> | null = null;
  let ticker: Ticker | null = null;

  async function rotateAndLoad(): Promise<void> {
    await deps.db.transaction((client) => rotateKeys(client, deps));
    loaded = openKeys(await listKeys(deps.db), deps.seal);
  }
  function rotate(): Promise<void> {
    running ??= rotateAndLoad().finally(() => {
      running = null;
    });
    return running;
  }
  async function tick(): Promise<void> {
    try {
      await rotate();
    } catch (error) {
      if (isDatabaseUnavailable(error)) deps.log.warn('the signing keys wait for the database');
      else deps.log.error({ err: error }, 'the signing keys could not be loaded or rotated');
    }
  }
  async function currentKey(): Promise<{ keyId: string; privateKey: KeyObject }> {
    if (loaded.current === null) await rotate();
    if (loaded.current === null) throw new DatabaseUnavailable('another process is making the first key');
    return loaded.current;
  }

  return {
    rotate,
    sign: async (claims) => {
      const { keyId, privateKey } = await currentKey();
      return signToken(claims, keyId, privateKey, deps);
    },
    jwks: async () => {
      if (loaded.current === null) await rotate();
      return loaded.jwks;
    },
    start: async () => {
      await tick();
      ticker ??= startTicker(rotationTickMs, tick);
    },
    stop: async () => {
      await ticker?.stop();
      ticker = null;
    },
  };
}

function signToken(
  claims: TokenSubject,
  keyId: string,
  privateKey: KeyObject,
  deps: SigningKeysDeps,
): Promise<string> {
  const nowMs = deps.clock.now().getTime();
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT({ role: claims.role, permissions: claims.permissions ?? [] })
    .setProtectedHeader({ alg: 'RS256', kid: keyId, typ: 'at+jwt' })
    .setIssuer(deps.issuer)
    .setAudience(deps.audience)
    .setSubject(claims.subject)
    .setJti(newId(nowMs))
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + deps.config.IDENTITY_ACCESS_TOKEN_SECONDS)
    .sign(privateKey);
}

/** Does what is due, unless another pod is at it. Locks: the advisory lock of the rotation, then the changed rows. */
async function rotateKeys(client: Sql, deps: SigningKeysDeps): Promise<void> {
  if (!(await tryRotationLock(client))) return;
  const steps = planRotation(await listKeys(client), {
    rotationSeconds: deps.config.IDENTITY_KEY_ROTATION_SECONDS,
    accessTokenSeconds: deps.config.IDENTITY_ACCESS_TOKEN_SECONDS,
  });
  for (const step of steps) {
    const keyId = await carryOut(client, step, deps.seal);
    deps.log.info({ step: step.kind, key_id: keyId, issuer: deps.issuer }, 'a signing key changed');
  }
}

async function carryOut(client: Sql, step: RotationStep, seal: Seal): Promise<string> {
  switch (step.kind) {
    case 'create':
      return createKey(client, step.status, seal);
    case 'promote':
      await retireCurrentKey(client);
      await activateKey(client, step.keyId);
      return step.keyId;
    case 'remove':
      await deleteKey(client, step.keyId);
      return step.keyId;
  }
}

async function createKey(client: Sql, status: 'next' | 'current', seal: Seal): Promise<string> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: modulusBits });
  const publicJwk = publicJwkSchema.parse(publicKey.export({ format: 'jwk' }));
  const keyId = await calculateJwkThumbprint(publicJwk);
  const sealedPrivateKey = seal.sealBytes(privateKey.export({ type: 'pkcs8', format: 'der' }), keyId);
  await insertKey(client, { keyId, status, publicJwk, sealedPrivateKey });
  return keyId;
}

function openKeys(stored: readonly StoredKey[], seal: Seal): LoadedKeys {
  const jwks: Jwks = {
    keys: stored.map(({ keyId, publicJwk }) => ({ ...publicJwk, kid: keyId, alg: 'RS256', use: 'sig' })),
  };
  const current = stored.find((key) => key.status === 'current');
  if (current === undefined) return { current: null, jwks };
  const der = seal.openBytes(current.sealedPrivateKey, current.keyId);
  if (der === null) {
    throw new Error(
      'The signing key cannot be opened: IDENTITY_SECRET is not the one it was sealed with. Put the old one back, or delete the rows of signing_keys.',
    );
  }
  return {
    current: {
      keyId: current.keyId,
      privateKey: createPrivateKey({ key: der, type: 'pkcs8', format: 'der' }),
    },
    jwks,
  };
}
