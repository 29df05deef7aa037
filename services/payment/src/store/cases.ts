/** Rows of `manual_cases`: money that no rule settles, waiting for a person or for what would settle it after all. */
import type { Sql } from '@evently/kit/postgres';

export type CaseKind = 'refund-failed' | 'amount-mismatch' | 'captured-after-end' | 'outcome-unknown';
export type NewCase = { id: string; paymentId: string; kind: CaseKind; subjectId: string; detail: string };
export type ManualCase = NewCase & {
  bookingId: string;
  openedAt: Date;
  closedAt: Date | null;
  /** What a person did; null when the case is open or closed by itself. */
  note: string | null;
};

const columns =
  'c.id, c.payment_id, p.booking_id, c.kind, c.subject_id, c.detail, c.opened_at, c.closed_at, c.note';

type CaseRow = {
  id: string;
  payment_id: string;
  booking_id: string;
  kind: CaseKind;
  subject_id: string;
  detail: string;
  opened_at: Date;
  closed_at: Date | null;
  note: string | null;
};

function caseOf(row: CaseRow): ManualCase {
  return {
    id: row.id,
    paymentId: row.payment_id,
    bookingId: row.booking_id,
    kind: row.kind,
    subjectId: row.subject_id,
    detail: row.detail,
    openedAt: row.opened_at,
    closedAt: row.closed_at,
    note: row.note,
  };
}

/**
 * Opens a case unless this kind has one for the subject; true when it is news. One that closed by itself is opened
 * again, one that a person closed is not: what they have seen comes again with each event of the provider.
 */
export async function openCase(sql: Sql, opened: NewCase): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'open-case',
    text: `insert into manual_cases (id, payment_id, kind, subject_id, detail) values ($1, $2, $3, $4, $5)
           on conflict (kind, subject_id) do update
              set closed_at = null, opened_at = clock_timestamp(), detail = excluded.detail
            where manual_cases.closed_at is not null and manual_cases.note is null`,
    values: [opened.id, opened.paymentId, opened.kind, opened.subjectId, opened.detail],
  });
  return rowCount === 1;
}

/**
 * Opens the case of an attempt whose outcome stays unknown, unless it has found one meanwhile. Locks the attempt's row, as
 * whoever settles it does before it closes the case: one that is opened later would stay open for ever.
 */
export async function openUnknownCase(
  sql: Sql,
  opened: Pick<NewCase, 'id' | 'paymentId' | 'detail'>,
): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'open-unknown-case',
    text: `insert into manual_cases (id, payment_id, kind, subject_id, detail)
           select $1, unsettled.id, 'outcome-unknown', unsettled.id, $3
             from (select id from payments where id = $2 and settled_at is null for update) as unsettled
           on conflict (kind, subject_id) do nothing`,
    values: [opened.id, opened.paymentId, opened.detail],
  });
  return rowCount === 1;
}

/** Closes what was asked about an attempt without an outcome: it has one, and the provider's amount is ours. */
export async function closeAttemptCases(sql: Sql, paymentId: string): Promise<void> {
  await sql.query({
    name: 'close-attempt-cases',
    text: `update manual_cases set closed_at = clock_timestamp()
            where kind in ('outcome-unknown', 'amount-mismatch') and subject_id = $1 and closed_at is null`,
    values: [paymentId],
  });
}

/** Closes the case of money that was taken after the end: the provider holds it no more. True when there was one. */
export async function closeCaptureCase(sql: Sql, paymentId: string): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'close-capture-case',
    text: `update manual_cases set closed_at = clock_timestamp()
            where kind = 'captured-after-end' and subject_id = $1 and closed_at is null`,
    values: [paymentId],
  });
  return rowCount === 1;
}

/**
 * Closes the cases of a payment's failed refunds once their money has gone back: refunds that were asked for later came to
 * all of it, or nothing of the payment is left. Less leaves all of them open, because nobody says which of them it was.
 * The caller holds the payment's lock. Answers how many were closed.
 */
export async function closeRefundCases(sql: Sql, paymentId: string): Promise<number> {
  const { rowCount } = await sql.query({
    name: 'close-refund-cases',
    text: `with failed as (
             select c.id, r.amount_minor, r.created_at
               from manual_cases c join refunds r on r.id = c.subject_id
              where c.payment_id = $1 and c.kind = 'refund-failed' and c.closed_at is null),
           asked as (select sum(amount_minor) as amount_minor, min(created_at) as since from failed),
           given as (
             select coalesce(sum(r.amount_minor), 0) as amount_minor,
                    coalesce(sum(r.amount_minor) filter (where r.created_at > asked.since), 0) as later_minor
               from asked left join refunds r on r.payment_id = $1 and r.status = 'succeeded')
           update manual_cases c set closed_at = clock_timestamp()
             from failed, asked, given, payments p
            where c.id = failed.id and p.id = $1
              and (given.later_minor >= asked.amount_minor or given.amount_minor >= p.amount_minor)`,
    values: [paymentId],
  });
  return rowCount ?? 0;
}

/** Closes an open case with what a person did about it; null when it is closed already or not there. */
export async function closeCaseByHand(sql: Sql, id: string, note: string): Promise<ManualCase | null> {
  const { rows } = await sql.query<CaseRow>({
    name: 'close-case-by-hand',
    text: `update manual_cases c set closed_at = clock_timestamp(), note = $2
             from payments p
            where c.id = $1 and c.closed_at is null and p.id = c.payment_id
            returning ${columns}`,
    values: [id, note],
  });
  return rows[0] === undefined ? null : caseOf(rows[0]);
}

export async function findCase(sql: Sql, id: string): Promise<ManualCase | null> {
  const { rows } = await sql.query<CaseRow>({
    name: 'find-case',
    text: `select ${columns} from manual_cases c join payments p on p.id = c.payment_id where c.id = $1`,
    values: [id],
  });
  return rows[0] === undefined ? null : caseOf(rows[0]);
}

/** Open cases, oldest first, and how many there are. */
export async function listOpenCases(
  sql: Sql,
  limit: number,
): Promise<{ cases: ManualCase[]; total: number }> {
  const { rows } = await sql.query<CaseRow & { total: number }>({
    name: 'list-open-cases',
    text: `select ${columns}, (count(*) over ())::int as total
             from manual_cases c join payments p on p.id = c.payment_id
            where c.closed_at is null
            order by c.opened_at, c.id
            limit $1`,
    values: [limit],
  });
  return { cases: rows.map(caseOf), total: rows[0]?.total ?? 0 };
}
