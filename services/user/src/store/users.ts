/** Rows of `users`: one per account, live or erased. */
import type { Sql } from '@evently/kit/postgres';
import type { Account } from '../domain/account.ts';

export type Credentials = Account & { passwordHash: string };
type LiveRow = {
  user_id: string;
  email: string;
  name: string;
  phone_number: string | null;
  password_hash: string;
  created_at: Date;
};

function accountOf(row: Omit<LiveRow, 'password_hash'>): Account {
  return {
    userId: row.user_id,
    email: row.email,
    name: row.name,
    phoneNumber: row.phone_number,
    createdAt: row.created_at,
  };
}

export type NewAccount = {
  userId: string;
  email: string;
  name: string;
  phoneNumber: string | null;
  passwordHash: string;
};

/** False when the address is taken; a registration of the same address that runs just now is waited for. */
export async function insertAccount(client: Sql, account: NewAccount): Promise<boolean> {
  const inserted = await client.query({
    name: 'insert-account',
    text: `insert into users (user_id, email, name, phone_number, password_hash)
           values ($1, $2, $3, $4, $5)
           on conflict (email) do nothing`,
    values: [account.userId, account.email, account.name, account.phoneNumber, account.passwordHash],
  });
  return inserted.rowCount === 1;
}

/** @param email normalised */
export async function findCredentialsByEmail(client: Sql, email: string): Promise<Credentials | null> {
  const { rows } = await client.query<LiveRow>({
    name: 'find-credentials-by-email',
    text: `select user_id, email, name, phone_number, password_hash, created_at
             from users where email = $1`,
    values: [email],
  });
  const row = rows[0];
  return row === undefined ? null : { ...accountOf(row), passwordHash: row.password_hash };
}

export async function findCredentials(client: Sql, userId: string): Promise<Credentials | null> {
  const { rows } = await client.query<LiveRow>({
    name: 'find-credentials',
    text: `select user_id, email, name, phone_number, password_hash, created_at
             from users where user_id = $1 and erased_at is null`,
    values: [userId],
  });
  const row = rows[0];
  return row === undefined ? null : { ...accountOf(row), passwordHash: row.password_hash };
}

export async function findAccount(client: Sql, userId: string): Promise<Account | null> {
  const { rows } = await client.query<LiveRow>({
    name: 'find-account',
    text: `select user_id, email, name, phone_number, created_at
             from users where user_id = $1 and erased_at is null`,
    values: [userId],
  });
  const row = rows[0];
  return row === undefined ? null : accountOf(row);
}

/** True for a tombstone; false for a live account and for an id that never had one. */
export async function isErased(client: Sql, userId: string): Promise<boolean> {
  const { rows } = await client.query({
    name: 'is-account-erased',
    text: 'select 1 from users where user_id = $1 and erased_at is not null',
    values: [userId],
  });
  return rows.length === 1;
}

/**
 * Locks the account's row against erasure until the transaction ends, so that no session begins after it;
 * false when it is gone. Always locked before refresh families. Sign-ins of one account do not wait for
 * each other.
 */
export async function lockLiveAccount(client: Sql, userId: string): Promise<boolean> {
  const { rows } = await client.query({
    name: 'lock-live-account',
    text: 'select 1 from users where user_id = $1 and erased_at is null for share',
    values: [userId],
  });
  return rows.length === 1;
}

/** Stores a hash with newer parameters; nothing when the password was changed meanwhile. Locks the row. */
export async function replacePasswordHash(
  client: Sql,
  userId: string,
  oldHash: string,
  newHash: string,
): Promise<void> {
  await client.query({
    name: 'replace-password-hash',
    text: 'update users set password_hash = $3 where user_id = $1 and password_hash = $2',
    values: [userId, oldHash, newHash],
  });
}

/** Undefined leaves a field as it is. */
export type ProfileChange = { name?: string | undefined; phoneNumber?: string | null | undefined };

/** The changed account, or null when there is none. Locks its row. */
export async function updateProfile(
  client: Sql,
  userId: string,
  change: ProfileChange,
): Promise<Account | null> {
  const { rows } = await client.query<LiveRow>({
    name: 'update-profile',
    text: `update users
              set name = coalesce($2, name),
                  phone_number = case when $3 then $4 else phone_number end,
                  updated_at = clock_timestamp()
            where user_id = $1 and erased_at is null
        returning user_id, email, name, phone_number, created_at`,
    values: [userId, change.name ?? null, change.phoneNumber !== undefined, change.phoneNumber ?? null],
  });
  const row = rows[0];
  return row === undefined ? null : accountOf(row);
}

/** Leaves a tombstone; false when there was no live account. Locks the row: sign-ins under way end first. */
export async function eraseAccount(client: Sql, userId: string): Promise<boolean> {
  const erased = await client.query({
    name: 'erase-account',
    text: `update users
              set email = null, name = null, phone_number = null, password_hash = null,
                  erased_at = clock_timestamp(), updated_at = clock_timestamp()
            where user_id = $1 and erased_at is null`,
    values: [userId],
  });
  return erased.rowCount === 1;
}
