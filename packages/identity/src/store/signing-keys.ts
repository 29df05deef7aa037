/** Rows of `signing_keys`: the keys of this issuer, public part in clear, private part sealed. */
import type { Sql } from '@evently/kit/postgres';
import type { KeyAges, KeyStatus } from '../domain/key-rotation.ts';

/** A public key as published (RFC 7517). */
export type PublicJwk = { kty: 'RSA'; n: string; e: string };
export type StoredKey = KeyAges & { publicJwk: PublicJwk; sealedPrivateKey: Buffer };

const maxKeys = 20;
const rotationLockKey = 7_340_002;

/**
 * Takes the rotation's advisory lock until the transaction ends; false when another pod has it. Tried,
 * not waited for: whoever comes second finds the work done a minute later.
 */
export async function tryRotationLock(client: Sql): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>({
    name: 'try-rotation-lock',
    text: 'select pg_try_advisory_xact_lock($1) as held',
    values: [rotationLockKey],
  });
  return rows[0]?.held === true;
}

type KeyRow = {
  key_id: string;
  status: KeyStatus;
  public_jwk: PublicJwk;
  sealed_private_key: Buffer;
  created_ago: number;
  activated_ago: number | null;
  retired_ago: number | null;
};

/** All keys, newest first, with their ages by the database's clock. */
export async function listKeys(client: Sql): Promise<StoredKey[]> {
  const { rows } = await client.query<KeyRow>({
    name: 'list-signing-keys',
    text: `select key_id, status, public_jwk, sealed_private_key,
                  extract(epoch from clock_timestamp() - created_at)::float8 as created_ago,
                  extract(epoch from clock_timestamp() - activated_at)::float8 as activated_ago,
                  extract(epoch from clock_timestamp() - retired_at)::float8 as retired_ago
             from signing_keys
            order by created_at desc
            limit $1`,
    values: [maxKeys],
  });
  return rows.map((row) => ({
    keyId: row.key_id,
    status: row.status,
    publicJwk: row.public_jwk,
    sealedPrivateKey: row.sealed_private_key,
    createdSecondsAgo: row.created_ago,
    activatedSecondsAgo: row.activated_ago,
    retiredSecondsAgo: row.retired_ago,
  }));
}

export type NewKey = {
  keyId: string;
  status: 'next' | 'current';
  publicJwk: PublicJwk;
  sealedPrivateKey: Buffer;
};

export async function insertKey(client: Sql, key: NewKey): Promise<void> {
  await client.query({
    name: 'insert-signing-key',
    text: `insert into signing_keys (key_id, status, public_jwk, sealed_private_key, activated_at)
           values ($1, $2, $3, $4, case when $2 = 'current' then clock_timestamp() end)`,
    values: [key.keyId, key.status, JSON.stringify(key.publicJwk), key.sealedPrivateKey],
  });
}

export async function retireCurrentKey(client: Sql): Promise<void> {
  await client.query({
    name: 'retire-signing-key',
    text: "update signing_keys set status = 'retired', retired_at = clock_timestamp() where status = 'current'",
  });
}

export async function activateKey(client: Sql, keyId: string): Promise<void> {
  await client.query({
    name: 'activate-signing-key',
    text: "update signing_keys set status = 'current', activated_at = clock_timestamp() where key_id = $1",
    values: [keyId],
  });
}

export async function deleteKey(client: Sql, keyId: string): Promise<void> {
  await client.query({
    name: 'delete-signing-key',
    text: "delete from signing_keys where key_id = $1 and status = 'retired'",
    values: [keyId],
  });
}
