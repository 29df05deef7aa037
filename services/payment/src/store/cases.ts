/** Rows of `manual_cases`: money that no rule settles, waiting for a person. */
import type { Sql } from '@evently/kit/postgres';

export type CaseKind = 'refund-failed' | 'amount-mismatch' | 'captured-after-end' | 'outcome-unknown';
export type NewCase = { id: string; paymentId: string; kind: CaseKind; subjectId: string; detail: string };

/** Opens a case unless this kind has one for the subject; true when it is new. */
export async function openCase(sql: Sql, opened: NewCase): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'open-case',
    text: `insert into manual_cases (id, payment_id, kind, subject_id, detail) values ($1, $2, $3, $4, $5)
           on conflict (kind, subject_id) do nothing`,
    values: [opened.id, opened.paymentId, opened.kind, opened.subjectId, opened.detail],
  });
  return rowCount === 1;
}

/** Closes the cases of an attempt that has found its outcome by itself. */
export async function closeUnknownCase(sql: Sql, paymentId: string): Promise<void> {
  await sql.query({
    name: 'close-unknown-case',
    text: `update manual_cases set closed_at = clock_timestamp()
            where kind = 'outcome-unknown' and subject_id = $1 and closed_at is null`,
    values: [paymentId],
  });
}
