/** Erases an account: personal data, sessions and remembered answers go, and everyone else is told. */
import { topics, userErased } from '@evently/contracts/messages';
import type { Identity } from '@evently/identity/identity';
import type { Clock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import { writeOutbox } from '@evently/kit/outbox';
import type { Database } from '@evently/kit/postgres';
import type { Refused } from '../domain/account.ts';
import { deleteRememberedAnswers } from '../store/remembered-answers.ts';
import { eraseAccount, findCredentials } from '../store/users.ts';
import { registrant } from './register-user.ts';

export type EraseDeps = { db: Database; identity: Identity; clock: Clock };
export type EraseOutcome = { ok: true } | Refused<'unknown-account' | 'wrong-password' | 'passwords-busy'>;

const unknown: EraseOutcome = { ok: false, refusal: { kind: 'unknown-account' } };

/**
 * Needs the password again, because a stolen access token must not be enough. One transaction: the row
 * becomes a tombstone, every refresh family ends, `user.erased` is written. Locks the row, then families.
 */
export async function eraseUser(deps: EraseDeps, userId: string, password: string): Promise<EraseOutcome> {
  const { identity } = deps;
  const account = await findCredentials(deps.db, userId);
  if (account === null) return unknown;
  const verified = await identity.passwords.verify(password, account.passwordHash);
  if (verified.kind === 'busy') return { ok: false, refusal: { kind: 'passwords-busy' } };
  if (verified.kind === 'mismatch') return { ok: false, refusal: { kind: 'wrong-password' } };
  return deps.db.transaction(async (client) => {
    if (!(await eraseAccount(client, userId))) return unknown;
    await identity.refreshFamilies.revokeAll(client, userId, 'erased');
    await deleteRememberedAnswers(client, registrant(identity, account.email));
    await writeOutbox(client, {
      id: newId(deps.clock.now().getTime()),
      topic: topics.user,
      key: userId,
      type: 'user.erased',
      payload: userErased.parse({ user_id: userId }),
    });
    return { ok: true };
  });
}
