/** Begins a session for an e-mail address and its password. */
import type { Identity } from '@evently/identity/identity';
import type { Database } from '@evently/kit/postgres';
import type { Refused, Session } from '../domain/account.ts';
import { findCredentialsByEmail, lockLiveAccount, replacePasswordHash } from '../store/users.ts';

export type LogInDeps = { db: Database; identity: Identity };
export type LogInOutcome = { ok: true; session: Session } | Refused<'invalid-credentials' | 'passwords-busy'>;

const refused: LogInOutcome = { ok: false, refusal: { kind: 'invalid-credentials' } };

/**
 * An unknown address and a wrong password take the same way: one look-up, one hash, one refusal. A hash
 * with older parameters is replaced on the way. Locks the account's row, so no session survives an erasure.
 */
export async function logIn(deps: LogInDeps, email: string, password: string): Promise<LogInOutcome> {
  const { passwords, signingKeys, refreshFamilies } = deps.identity;
  const account = await findCredentialsByEmail(deps.db, email);
  const verified = await passwords.verify(password, account?.passwordHash ?? null);
  if (verified.kind === 'busy') return { ok: false, refusal: { kind: 'passwords-busy' } };
  if (verified.kind === 'mismatch' || account === null) return refused;
  const { userId, name, passwordHash } = account;
  const renewed = verified.outdated ? await passwords.hash(password) : null;
  const accessToken = await signingKeys.sign({ subject: userId, role: 'user' });
  const refreshToken = await deps.db.transaction(async (client) => {
    // The update goes first: two sign-ins that hold the shared lock would wait for each other's.
    if (renewed?.kind === 'hashed') await replacePasswordHash(client, userId, passwordHash, renewed.hash);
    return (await lockLiveAccount(client, userId)) ? refreshFamilies.begin(client, userId) : null;
  });
  if (refreshToken === null) return refused;
  return { ok: true, session: { userId, email: account.email, name, accessToken, refreshToken } };
}
