/** Closes a case because a person has seen to it, with what they did. */
import type { Logger } from '@evently/kit/log';
import type { Sql } from '@evently/kit/postgres';
import { closeCaseByHand, findCase, type ManualCase } from '../store/cases.ts';

/** `closedNow` is false when it was closed before: by itself, or with another note, which stays. */
export type CloseCaseOutcome =
  { ok: true; case: ManualCase; closedNow: boolean } | { ok: false; refusal: { kind: 'case-not-found' } };

/** Money moves nowhere: the note says where it went. A case is closed once. */
export async function closeCase(
  deps: { db: Sql; log: Logger },
  id: string,
  note: string,
): Promise<CloseCaseOutcome> {
  const closed = await closeCaseByHand(deps.db, id, note);
  if (closed !== null) {
    deps.log.info({ payment_id: closed.paymentId, case: closed.kind }, 'a person has closed a case');
    return { ok: true, case: closed, closedNow: true };
  }
  const present = await findCase(deps.db, id);
  if (present === null) return { ok: false, refusal: { kind: 'case-not-found' } };
  return { ok: true, case: present, closedNow: false };
}
