/** Makes an administrator: by another one, or the first by the bootstrap token; once per idempotency key. */
import type { ClientBase } from 'pg';
import type { Identity } from '@evently/identity/identity';
import type { Clock } from '@evently/kit/clock';
import { withIdempotency } from '@evently/kit/idempotency';
import { newId } from '@evently/kit/ids';
import type { Database } from '@evently/kit/postgres';
import { permissionsOf, type AdminRole, type AdminSession } from '../domain/administrator.ts';
import { invalidField, type Refused } from '../domain/refusals.ts';
import {
  insertAdministrator,
  insertFirstAdministrator,
  type NewAdministrator,
} from '../store/administrators.ts';

export type RegisterAdminDeps = { db: Database; identity: Identity; clock: Clock };
export type AdminRegistration = {
  /** Normalised. */
  email: string;
  password: string;
  name: string;
  phoneNumber: string | null;
  role: AdminRole;
  /** The administrator who asks; null for the bearer of the bootstrap token. */
  createdBy: string | null;
  idempotencyKey: string | undefined;
};
export type RegisterAdminOutcome =
  | { ok: true; answer: string; replayed: boolean }
  | Refused<
      | 'email-taken'
      | 'weak-password'
      | 'passwords-busy'
      | 'bootstrap-spent'
      | 'idempotency-key-reused'
      | 'invalid-fields'
    >;

const operation = 'POST /api/v1/auth/admin/register';
const createdStatus = 201;
const refusedStatus = 409;

/**
 * One account per address and one bootstrap, whoever races. A repeated key gets the first answer byte for
 * byte; it is kept sealed, because it holds tokens.
 * @param present writes the session as the text of the answer
 */
export async function registerAdmin(
  deps: RegisterAdminDeps,
  input: AdminRegistration,
  present: (session: AdminSession) => string,
): Promise<RegisterAdminOutcome> {
  const { identity } = deps;
  const { email, name, phoneNumber, role, createdBy } = input;
  if (createdBy === null && role !== 'admin')
    return invalidField('role', 'the first administrator is of the role "admin"');
  const fault = identity.passwords.fault(input.password);
  if (fault !== null) return { ok: false, refusal: { kind: 'weak-password', fault } };
  const hashed = await identity.passwords.hash(input.password);
  if (hashed.kind === 'busy') return { ok: false, refusal: { kind: 'passwords-busy' } };
  const adminId = newId(deps.clock.now().getTime());
  const permissions = permissionsOf(role);
  const accessToken = await identity.signingKeys.sign({ subject: adminId, role: 'admin', permissions });

  const request = {
    principal: createdBy ?? `bootstrap:${identity.seal.pseudonym(email)}`,
    operation,
    key: input.idempotencyKey,
    fingerprint: identity.seal.pseudonym(JSON.stringify([email, input.password, name, phoneNumber, role])),
  };
  const admin = { adminId, email, name, phoneNumber, role, passwordHash: hashed.hash };
  const outcome = await withIdempotency(deps.db, request, async (client) => {
    if (!(await insert(client, admin, createdBy))) return { status: refusedStatus, body: '' };
    const refreshToken = await identity.refreshFamilies.begin(client, adminId);
    const answer = present({ adminId, email, name, role, accessToken, refreshToken });
    return { status: createdStatus, body: identity.seal.seal(answer) };
  });
  if (outcome.kind === 'key-reused') return { ok: false, refusal: { kind: 'idempotency-key-reused' } };
  if (outcome.answer.status === refusedStatus) {
    return { ok: false, refusal: { kind: createdBy === null ? 'bootstrap-spent' : 'email-taken' } };
  }
  const answer = identity.seal.open(outcome.answer.body);
  if (answer === null)
    throw new Error(
      'A remembered registration cannot be opened: IDENTITY_SECRET was changed in the last 48 hours.',
    );
  return { ok: true, answer, replayed: outcome.replayed };
}

function insert(client: ClientBase, admin: NewAdministrator, createdBy: string | null): Promise<boolean> {
  return createdBy === null
    ? insertFirstAdministrator(client, admin)
    : insertAdministrator(client, admin, createdBy);
}
