/** Rows of `administrators`: one per administrator; they are never deleted. */
import type { Sql } from '@evently/kit/postgres';
import type { Administrator, AdminRole } from '../domain/administrator.ts';

export type AdminCredentials = Administrator & { passwordHash: string };
type AdminRow = { admin_id: string; email: string; name: string; role: AdminRole; password_hash: string };

export type NewAdministrator = AdminCredentials & { phoneNumber: string | null };

/**
 * By the bootstrap token; false when there is an administrator. Whoever races waits for the other's commit at
 * the unique index of the first one, and then gets false.
 */
export function insertFirstAdministrator(client: Sql, admin: NewAdministrator): Promise<boolean> {
  return insertOne(client, admin, null);
}

/** False when the address is taken; a registration of the same address that runs just now is waited for. */
export function insertAdministrator(
  client: Sql,
  admin: NewAdministrator,
  createdBy: string,
): Promise<boolean> {
  return insertOne(client, admin, createdBy);
}

async function insertOne(client: Sql, admin: NewAdministrator, createdBy: string | null): Promise<boolean> {
  const { adminId, email, name, phoneNumber, passwordHash, role } = admin;
  const inserted = await client.query({
    name: 'insert-administrator',
    text: `insert into administrators (admin_id, email, name, phone_number, password_hash, role, created_by)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict do nothing`,
    values: [adminId, email, name, phoneNumber, passwordHash, role, createdBy],
  });
  return inserted.rowCount === 1;
}

/** @param email normalised */
export async function findAdminByEmail(client: Sql, email: string): Promise<AdminCredentials | null> {
  const { rows } = await client.query<AdminRow>({
    name: 'find-administrator-by-email',
    text: 'select admin_id, email, name, role, password_hash from administrators where email = $1',
    values: [email],
  });
  return credentialsOf(rows[0]);
}

export async function findAdmin(client: Sql, adminId: string): Promise<AdminCredentials | null> {
  const { rows } = await client.query<AdminRow>({
    name: 'find-administrator',
    text: 'select admin_id, email, name, role, password_hash from administrators where admin_id = $1',
    values: [adminId],
  });
  return credentialsOf(rows[0]);
}

/** Stores a hash with newer parameters; nothing when the password was changed meanwhile. Locks the row. */
export async function replaceAdminHash(
  client: Sql,
  adminId: string,
  oldHash: string,
  newHash: string,
): Promise<void> {
  await client.query({
    name: 'replace-administrator-hash',
    text: `update administrators set password_hash = $3, updated_at = clock_timestamp()
            where admin_id = $1 and password_hash = $2`,
    values: [adminId, oldHash, newHash],
  });
}

function credentialsOf(row: AdminRow | undefined): AdminCredentials | null {
  if (row === undefined) return null;
  const { admin_id: adminId, email, name, role, password_hash: passwordHash } = row;
  return { adminId, email, name, role, passwordHash };
}
