/** Makes an account and its first session, once per idempotency key. */
import type { Identity } from '@evently/identity/identity';
import type { Clock } from '@evently/kit/clock';
import { withIdempotency } from '@evently/kit/idempotency';
import { newId } from '@evently/kit/ids';
import type { Database } from '@evently/kit/postgres';
import type { Refused, Session } from '../domain/account.ts';
import { insertAccount } from '../store/users.ts';

export type RegisterDeps = { db: Database; identity: Identity; clock: Clock };
export type Registration = {
  /** Normalised. */
  email: string;
  password: string;
  name: string;
  phoneNumber: string | null;
  idempotencyKey: string | undefined;
};
export type RegisterOutcome =
  | { ok: true; answer: string; replayed: boolean }
  | Refused<'email-taken' | 'weak-password' | 'passwords-busy' | 'idempotency-key-reused'>;

const createdStatus = 201;
const takenStatus = 409;
const operation = 'POST /api/v1/auth/register';

/**
 * One account per address, whoever races. A repeated key gets the first answer byte for byte; it is kept
 * sealed, because it holds tokens, and under a pseudonym, because nobody is signed in yet.
 * @param present writes the session as the text of the answer
 */
export async function registerUser(
  deps: RegisterDeps,
  input: Registration,
  present: (session: Session) => string,
): Promise<RegisterOutcome> {
  const { identity } = deps;
  const fault = identity.passwords.fault(input.password);
  if (fault !== null) return { ok: false, refusal: { kind: 'weak-password', fault } };
  const hashed = await identity.passwords.hash(input.password);
  if (hashed.kind === 'busy') return { ok: false, refusal: { kind: 'passwords-busy' } };
  const { email, name, phoneNumber } = input;
  const userId = newId(deps.clock.now().getTime());
  const accessToken = await identity.signingKeys.sign({ subject: userId, role: 'user' });

  const request = {
    principal: registrant(identity, email),
    operation,
    key: input.idempotencyKey,
    fingerprint: identity.seal.pseudonym(JSON.stringify([email, input.password, name, phoneNumber])),
  };
  const outcome = await withIdempotency(deps.db, request, async (client) => {
    const isNew = await insertAccount(client, {
      userId,
      email,
      name,
      phoneNumber,
      passwordHash: hashed.hash,
    });
    if (!isNew) return { status: takenStatus, body: '' };
    const refreshToken = await identity.refreshFamilies.begin(client, userId);
    const answer = present({ userId, email, name, accessToken, refreshToken });
    return { status: createdStatus, body: identity.seal.seal(answer) };
  });
  if (outcome.kind === 'key-reused') return { ok: false, refusal: { kind: 'idempotency-key-reused' } };
  if (outcome.answer.status === takenStatus) return { ok: false, refusal: { kind: 'email-taken' } };
  const answer = identity.seal.open(outcome.answer.body);
  if (answer === null)
    throw new Error(
      'A remembered registration cannot be opened: IDENTITY_SECRET was changed in the last 48 hours.',
    );
  return { ok: true, answer, replayed: outcome.replayed };
}

/** To whom remembered registrations belong: the address, but not readable from a dump. */
export function registrant(identity: Identity, email: string): string {
  return `register:${identity.seal.pseudonym(email)}`;
}
