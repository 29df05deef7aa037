/** Attempts and refunds whose outcome is due to be asked for, claimed so that no two processes ask at once. */
import type { Sql } from '@evently/kit/postgres';

/** `ageMs` counts from the attempt's creation by the database's clock. */
export type DueAttempt = { id: string; voidRequested: boolean; ageMs: number };
export type DueRefund = { id: string; paymentId: string; amountMinor: number };

/**
 * Claims due attempts as `unknown` (whoever captured has had the provider's deadline and more) by moving their next check on: by the first of `pausesSeconds` after the first check,
 * and so on, the last one from then on. Locks only the rows it claims, skipping those another process holds, oldest due first; nothing is
 * held while the provider is asked. A process that dies after this has delayed its rows, not lost them.
 */
export async function claimDueAttempts(
  sql: Sql,
  limit: number,
  pausesSeconds: readonly number[],
): Promise<DueAttempt[]> {
  const { rows } = await sql.query<{ id: string; void_requested: boolean; age_ms: string }>({
    name: 'claim-due-attempts',
    text: `update payments p
              set status = 'unknown',
                  checks = p.checks + 1,
                  next_check_at = clock_timestamp()
                    + make_interval(secs => ($2::float8[])[least(p.checks + 1, array_length($2::float8[], 1))])
             from (select id from payments
                    where next_check_at <= statement_timestamp()
                    order by next_check_at limit $1
                      for update skip locked) as due
            where p.id = due.id
            returning p.id, p.void_requested_at is not null as void_requested,
                      (extract(epoch from clock_timestamp() - p.created_at) * 1000)::bigint as age_ms`,
    values: [limit, pausesSeconds],
  });
  return rows.map((row) => ({ id: row.id, voidRequested: row.void_requested, ageMs: Number(row.age_ms) }));
}

/** The same for pending refunds. */
export async function claimDueRefunds(
  sql: Sql,
  limit: number,
  pausesSeconds: readonly number[],
): Promise<DueRefund[]> {
  const { rows } = await sql.query<{ id: string; payment_id: string; amount_minor: string }>({
    name: 'claim-due-refunds',
    text: `update refunds r
              set checks = r.checks + 1,
                  next_check_at = clock_timestamp()
                    + make_interval(secs => ($2::float8[])[least(r.checks + 1, array_length($2::float8[], 1))])
             from (select id from refunds
                    where next_check_at <= statement_timestamp()
                    order by next_check_at limit $1
                      for update skip locked) as due
            where r.id = due.id
            returning r.id, r.payment_id, r.amount_minor`,
    values: [limit, pausesSeconds],
  });
  return rows.map((row) => ({
    id: row.id,
    paymentId: row.payment_id,
    amountMinor: Number(row.amount_minor),
  }));
}

/** How much waits for the provider or for a person, for the gauges. */
export async function countUnsettled(
  sql: Sql,
): Promise<{ attempts: number; refunds: number; openCases: number }> {
  const { rows } = await sql.query<{ attempts: string; refunds: string; cases: string }>({
    name: 'count-unsettled',
    text: `select (select count(*) from payments where next_check_at is not null) as attempts,
                  (select count(*) from refunds where next_check_at is not null) as refunds,
                  (select count(*) from manual_cases where closed_at is null) as cases`,
  });
  const row = rows[0];
  return {
    attempts: Number(row?.attempts ?? 0),
    refunds: Number(row?.refunds ?? 0),
    openCases: Number(row?.cases ?? 0),
  };
}

export type OpenAttempts = { capturing: number; unknown: number; oldestUnknownSeconds: number };

/** Attempts without an outcome, by the partial index of what is still to be asked for. */
export async function readOpenAttempts(sql: Sql): Promise<OpenAttempts> {
  const { rows } = await sql.query<{ capturing: number; unknown: number; oldest: number }>({
    name: 'read-open-attempts',
    text: `select (count(*) filter (where status = 'capturing'))::int as capturing,
                  (count(*) filter (where status = 'unknown'))::int as unknown,
                  coalesce(extract(epoch from clock_timestamp() - min(created_at) filter (where status = 'unknown')), 0)::float8 as oldest
             from payments where next_check_at is not null`,
  });
  const row = rows[0];
  if (row === undefined) throw new Error('the figures of payments have no row');
  return { capturing: row.capturing, unknown: row.unknown, oldestUnknownSeconds: row.oldest };
}
