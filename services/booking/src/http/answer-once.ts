/** Runs a route that changes something once per idempotency key, and answers a repeated key from memory. */
import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { refuse, type ServiceEnv } from '@evently/kit/app';
import { principalOf } from '@evently/kit/guards';
import { fingerprintOf, withIdempotency } from '@evently/kit/idempotency';
import type { Sql } from '@evently/kit/postgres';
import type { CommittedChange, StockDeps } from '../actions/change-stock.ts';
import type { Refusal, Refused } from '../domain/refusals.ts';
import { answerRefusal, problemOf } from './problems.ts';

export type KeyedCall<View> = {
  /** The route and, where the path names something, what it names. */
  operation: string;
  key: string | undefined;
  body: unknown;
  schema: z.ZodType<View>;
};
/** What one attempt came to; `committed` is told once the transaction around it is committed. */
export type Attempted<View> = {
  outcome: { ok: true; view: View } | Refused;
  committed: CommittedChange | null;
};

/**
 * `work` runs in one transaction with the key's row. A refusal rolls all of it back and is not kept; another
 * request with the same key is refused with 422. Answers 200 with the view.
 */
export async function answerOnce<View extends object>(
  deps: Pick<StockDeps, 'db' | 'committed'>,
  c: Context<ServiceEnv>,
  call: KeyedCall<View>,
  work: (client: Sql) => Promise<Attempted<View>>,
) {
  const request = {
    principal: principalOf(c).id,
    operation: call.operation,
    key: call.key,
    fingerprint: fingerprintOf(call.operation, call.body),
  };
  const told: { refusal: Refusal | null; committed: CommittedChange | null } = {
    refusal: null,
    committed: null,
  };
  const answered = await withIdempotency(deps.db, request, async (client) => {
    const { outcome, committed } = await work(client);
    if (!outcome.ok) {
      told.refusal = outcome.refusal;
      return { status: problemOf(outcome.refusal).status, body: '' };
    }
    told.committed = committed;
    return { status: 200, body: JSON.stringify(outcome.view) };
  });
  if (answered.kind === 'key-reused') return refuse(c, problemOf(answered));
  if (told.refusal !== null) return answerRefusal(c, told.refusal);
  if (told.committed !== null) deps.committed(told.committed);
  if (answered.replayed) c.header('idempotency-replayed', 'true');
  return c.json(call.schema.parse(JSON.parse(answered.answer.body)), 200);
}
