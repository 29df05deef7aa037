/** Begins and renews sessions of administrators. */
import type { Identity } from '@evently/identity/identity';
import type { Database } from '@evently/kit/postgres';
import { permissionsOf, type AdminSession } from '../domain/administrator.ts';
import { refused, type Refused } from '../domain/refusals.ts';
import { findAdmin, findAdminByEmail, replaceAdminHash } from '../store/administrators.ts';

export type AdminLogInDeps = { db: Database; identity: Identity };

/**
 * An unknown address and a wrong password take the same way: one look-up, one hash, one refusal. A hash
 * with older parameters is replaced on the way.
 */
export async function logInAdmin(
  deps: AdminLogInDeps,
  email: string,
  password: string,
): Promise<{ ok: true; session: AdminSession } | Refused<'invalid-credentials' | 'passwords-busy'>> {
  const { passwords, signingKeys, refreshFamilies } = deps.identity;
  const admin = await findAdminByEmail(deps.db, email);
  const verified = await passwords.verify(password, admin?.passwordHash ?? null);
  if (verified.kind === 'busy') return refused({ kind: 'passwords-busy' });
  if (verified.kind === 'mismatch' || admin === null) return refused({ kind: 'invalid-credentials' });
  const { adminId, name, role, passwordHash } = admin;
  const renewed = verified.outdated ? await passwords.hash(password) : null;
  const permissions = permissionsOf(role);
  const accessToken = await signingKeys.sign({ subject: adminId, role: 'admin', permissions });
  const refreshToken = await deps.db.transaction(async (client) => {
    if (renewed?.kind === 'hashed') await replaceAdminHash(client, adminId, passwordHash, renewed.hash);
    return refreshFamilies.begin(client, adminId);
  });
  return { ok: true, session: { adminId, email: admin.email, name, role, accessToken, refreshToken } };
}

/** Single use; see `RefreshFamilies.rotate` for what reuse does. The role is the one of now. */
export async function refreshAdminSession(
  deps: AdminLogInDeps,
  token: string,
): Promise<{ ok: true; session: AdminSession } | Refused<'invalid-refresh-token'>> {
  const rotated = await deps.identity.refreshFamilies.rotate(token);
  if (!rotated.ok) return rotated;
  const admin = await findAdmin(deps.db, rotated.subjectId);
  if (admin === null) return refused({ kind: 'invalid-refresh-token' });
  const { adminId, email, name, role } = admin;
  const permissions = permissionsOf(role);
  const accessToken = await deps.identity.signingKeys.sign({ subject: adminId, role: 'admin', permissions });
  return {
    ok: true,
    session: { adminId, email, name, role, accessToken, refreshToken: rotated.refreshToken },
  };
}
