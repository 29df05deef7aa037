/** Internal routes for the cases that wait for a person: what is open, and closing one with what was done. */
import { createRoute, z } from '@hono/zod-openapi';
import { id } from '@evently/contracts/common';
import { createRouter, refuse, type ServiceApp } from '@evently/kit/app';
import { requireApiKey } from '@evently/kit/guards';
import type { Logger } from '@evently/kit/log';
import type { Sql } from '@evently/kit/postgres';
import { documentRefusals } from '@evently/kit/refusals';
import { bodyRefusals, jsonAnswer, jsonBody } from '@evently/kit/route-parts';
import { closeCase } from '../actions/close-case.ts';
import { listOpenCases, type ManualCase } from '../store/cases.ts';
import { problemOf } from './problems.ts';
import { idParam } from './schemas.ts';

export type CaseRouteDeps = { db: Sql; log: Logger; acceptedApiKeys: readonly string[] };

const maxListed = 100;
const maxNoteCharacters = 500;

const manualCase = z.object({
  case_id: id,
  kind: z.enum(['refund-failed', 'amount-mismatch', 'captured-after-end', 'outcome-unknown']),
  payment_id: id,
  booking_id: id,
  detail: z.string(),
  opened_at: z.string(),
  closed_at: z.string().nullable(),
  note: z.string().nullable(),
});
const caseList = z.object({ cases: z.array(manualCase), total: z.int() });
const closing = z.strictObject({
  note: z
    .string()
    .trim()
    .min(1, 'must say what was done, such as: given back by bank transfer 4711')
    .max(maxNoteCharacters),
});
const closed = manualCase.extend({ closed_now: z.boolean() });

function viewOf(one: ManualCase): z.output<typeof manualCase> {
  return {
    case_id: one.id,
    kind: one.kind,
    payment_id: one.paymentId,
    booking_id: one.bookingId,
    detail: one.detail,
    opened_at: one.openedAt.toISOString(),
    closed_at: one.closedAt?.toISOString() ?? null,
    note: one.note,
  };
}

export function caseRoutes(deps: CaseRouteDeps): ServiceApp {
  const router = createRouter();
  const guard = requireApiKey(deps.acceptedApiKeys);
  listRoute(router, deps, guard);
  closeRoute(router, deps, guard);
  return router;
}

type Guard = ReturnType<typeof requireApiKey>;

function listRoute(router: ServiceApp, deps: CaseRouteDeps, guard: Guard): void {
  const route = createRoute({
    method: 'get',
    path: '/internal/cases',
    summary: 'Cases that wait for a person, the oldest 100 first',
    security: [{ apiKey: [] }],
    middleware: [guard],
    responses: {
      200: jsonAnswer('What is open', caseList),
      ...documentRefusals({ 401: 'unauthorized', 503: 'database_unavailable' }),
    },
  });
  router.openapi(route, async (c) => {
    const { cases, total } = await listOpenCases(deps.db, maxListed);
    return c.json({ cases: cases.map(viewOf), total }, 200);
  });
}

function closeRoute(router: ServiceApp, deps: CaseRouteDeps, guard: Guard): void {
  const route = createRoute({
    method: 'post',
    path: '/internal/cases/{id}/close',
    summary: 'Close a case with what was done about it; the first note stays',
    security: [{ apiKey: [] }],
    middleware: [guard],
    request: { params: idParam, body: jsonBody(closing) },
    responses: {
      200: jsonAnswer('The case as it is now', closed),
      ...documentRefusals({ ...bodyRefusals, 401: 'unauthorized', 404: 'not_found' }),
    },
  });
  router.openapi(route, async (c) => {
    const outcome = await closeCase(deps, c.req.valid('param').id, c.req.valid('json').note);
    if (!outcome.ok) return refuse(c, problemOf(outcome.refusal));
    return c.json({ ...viewOf(outcome.case), closed_now: outcome.closedNow }, 200);
  });
}
