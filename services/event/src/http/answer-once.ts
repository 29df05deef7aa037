/** Runs a route that creates something once per idempotency key, and answers a repeated key from memory. */
import type { ClientBase } from 'pg';
import type { Context } from 'hono';
import type { ServiceEnv } from '@evently/kit/app';
import { principalOf } from '@evently/kit/guards';
import { fingerprintOf, withIdempotency } from '@evently/kit/idempotency';
import type { Database } from '@evently/kit/postgres';
import type { Refusal } from '../domain/refusals.ts';
import { refuseEvent } from './problems.ts';

const createdStatus = 201;
const refusedStatus = 409;

export type Creation = { ok: true; answer: object } | { ok: false; refusal: Refusal };

/** `work` runs in one transaction with the key's row; a refusal rolls all of it back and is not kept. */
export async function answerOnce(
  c: Context<ServiceEnv>,
  db: Database,
  request: { key: string | undefined; operation: string; body: unknown },
  work: (client: ClientBase) => Promise<Creation>,
): Promise<Response> {
  const state: { refusal: Refusal | null } = { refusal: null };
  const keyed = {
    principal: principalOf(c).id,
    operation: request.operation,
    key: request.key,
    fingerprint: fingerprintOf(request.body),
  };
  const outcome = await withIdempotency(db, keyed, async (client) => {
    const creation = await work(client);
    if (creation.ok) return { status: createdStatus, body: JSON.stringify(creation.answer) };
    state.refusal = creation.refusal;
    return { status: refusedStatus, body: '' };
  });
  if (outcome.kind === 'key-reused') return refuseEvent(c, { kind: 'idempotency-key-reused' });
  if (state.refusal !== null) return refuseEvent(c, state.refusal);
  const replayed: Record<string, string> = outcome.replayed ? { 'idempotency-replayed': 'true' } : {};
  return new Response(outcome.answer.body, {
    status: createdStatus,
    headers: { 'content-type': 'application/json', ...replayed },
  });
}
