/** Rows of `refresh_families` and `refresh_tokens`: sign-ins, and the single-use tokens of each. */
import type { Sql } from '@evently/kit/postgres';
import type { TokenState } from '../domain/refresh-rotation.ts';

export type RevokedReason = 'logout' | 'reuse' | 'erased' | 'disabled';
export type LockedFamily = { familyId: string; subjectId: string; revoked: boolean };

export async function insertFamily(
  client: Sql,
  familyId: string,
  subjectId: string,
  lifeSeconds: number,
): Promise<void> {
  await client.query({
    name: 'insert-refresh-family',
    text: `insert into refresh_families (family_id, subject_id, expires_at)
           values ($1, $2, clock_timestamp() + make_interval(secs => $3))`,
    values: [familyId, subjectId, lifeSeconds],
  });
}

/**
 * Locks the family of the token until the transaction ends; the one lock of this table family, so there
 * is nothing to deadlock with. It is a statement of its own: after a wait PostgreSQL reads only the locked
 * row again, so the tokens must be read by a later statement (`readToken`) to see what the winner did.
 */
export async function lockFamilyOfToken(client: Sql, tokenHash: Buffer): Promise<LockedFamily | null> {
  const { rows } = await client.query<{ family_id: string; subject_id: string; revoked: boolean }>({
    name: 'lock-refresh-family',
    text: `select family_id, subject_id, revoked_at is not null as revoked
             from refresh_families
            where family_id = (select family_id from refresh_tokens where token_hash = $1)
              for update`,
    values: [tokenHash],
  });
  const row = rows[0];
  return row === undefined
    ? null
    : { familyId: row.family_id, subjectId: row.subject_id, revoked: row.revoked };
}

export async function readToken(client: Sql, tokenHash: Buffer): Promise<TokenState | null> {
  const { rows } = await client.query<{ expired: boolean; rotated_ago: number | null }>({
    name: 'read-refresh-token',
    text: `select expires_at <= clock_timestamp() as expired,
                  extract(epoch from clock_timestamp() - rotated_at)::float8 as rotated_ago
             from refresh_tokens
            where token_hash = $1`,
    values: [tokenHash],
  });
  const row = rows[0];
  return row === undefined ? null : { expired: row.expired, rotatedSecondsAgo: row.rotated_ago };
}

export async function insertToken(
  client: Sql,
  tokenHash: Buffer,
  familyId: string,
  lifeSeconds: number,
): Promise<void> {
  await client.query({
    name: 'insert-refresh-token',
    text: `insert into refresh_tokens (token_hash, family_id, expires_at)
           values ($1, $2, clock_timestamp() + make_interval(secs => $3))`,
    values: [tokenHash, familyId, lifeSeconds],
  });
}

export async function markTokenRotated(client: Sql, tokenHash: Buffer): Promise<void> {
  await client.query({
    name: 'mark-refresh-token-rotated',
    text: 'update refresh_tokens set rotated_at = clock_timestamp() where token_hash = $1',
    values: [tokenHash],
  });
}

export async function extendFamily(client: Sql, familyId: string, lifeSeconds: number): Promise<void> {
  await client.query({
    name: 'extend-refresh-family',
    text: 'update refresh_families set expires_at = clock_timestamp() + make_interval(secs => $2) where family_id = $1',
    values: [familyId, lifeSeconds],
  });
}

/** Locks the family's row; a family that is revoked already keeps its first reason. */
export async function revokeFamily(client: Sql, familyId: string, reason: RevokedReason): Promise<void> {
  await client.query({
    name: 'revoke-refresh-family',
    text: `update refresh_families set revoked_at = clock_timestamp(), revoked_reason = $2
            where family_id = $1 and revoked_at is null`,
    values: [familyId, reason],
  });
}

/** Locks the families' rows, in no order: nobody else locks two of them. */
export async function revokeFamiliesOfSubject(
  client: Sql,
  subjectId: string,
  reason: RevokedReason,
): Promise<void> {
  await client.query({
    name: 'revoke-refresh-families-of-subject',
    text: `update refresh_families set revoked_at = clock_timestamp(), revoked_reason = $2
            where subject_id = $1 and revoked_at is null`,
    values: [subjectId, reason],
  });
}

/** Deletes at most `limit` families whose newest token ran out more than a day ago, tokens included; answers how many. */
export async function deleteExpiredFamilies(client: Sql, limit: number): Promise<number> {
  const deleted = await client.query({
    name: 'delete-expired-refresh-families',
    text: `delete from refresh_families
            where family_id in (select family_id from refresh_families
                                 where expires_at < statement_timestamp() - interval '1 day'
                                 order by expires_at limit $1
                                   for update skip locked)`,
    values: [limit],
  });
  return deleted.rowCount ?? 0;
}
