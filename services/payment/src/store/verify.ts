/** The invariants of money as statements that return the rows which break them. */
import type { Sql } from '@evently/kit/postgres';

export type Check = { invariant: string; about: string; violations: { count: number; rows: string[] } };
type Statement = { invariant: string; about: string; text: string };

const namedRows = 10;

// Each statement returns one column, `broken`: a sentence that names the row. Nothing is locked.
const statements: readonly Statement[] = [
  {
    invariant: 'I21',
    about: 'each succeeded payment has one capture of exactly its amount, and no other payment has any',
    text: `with captured as (
             select payment_id, amount_minor, currency
               from ledger_entries where movement_id = payment_id and account = 'provider_balance')
           select format('payment %s is %s over %s %s, the ledger holds %s %s', coalesce(p.id, c.payment_id),
                         coalesce(p.status, 'missing'), p.amount_minor, p.currency, c.amount_minor, c.currency) as broken
             from (select id, status, amount_minor, currency from payments) p
             full join captured c on c.payment_id = p.id
            where (p.status = 'succeeded') is distinct from (c.payment_id is not null)
               or (c.payment_id is not null
                   and (c.amount_minor, c.currency) is distinct from (p.amount_minor, p.currency))`,
  },
  {
    invariant: 'I21',
    about: 'a booking keeps the money of one attempt at most',
    text: `select format('booking %s keeps the money of attempts %s', booking_id, string_agg(attempt::text, ', ' order by attempt)) as broken
             from payments
            where status = 'succeeded' and refunded_minor < amount_minor
            group by booking_id having count(*) > 1`,
  },
  {
    invariant: 'I22',
    about: 'refunds that have not failed are counted in their payment and never exceed it',
    text: `with given as (
             select payment_id, sum(amount_minor) filter (where status <> 'failed') as amount_minor from refunds group by 1)
           select format('payment %s of %s counts %s as refunded, its refunds amount to %s', p.id, p.amount_minor,
                         p.refunded_minor, coalesce(g.amount_minor, 0)) as broken
             from payments p left join given g on g.payment_id = p.id
            where p.refunded_minor <> coalesce(g.amount_minor, 0)
               or p.refunded_minor > coalesce(p.amount_minor, 0)`,
  },
  {
    invariant: 'I23',
    about: 'each refund that failed was shown to a person',
    text: `select format('refund %s of payment %s failed and has no case', r.id, r.payment_id) as broken
             from refunds r
            where r.status = 'failed'
              and not exists (select 1 from manual_cases m where m.kind = 'refund-failed' and m.subject_id = r.id)`,
  },
  {
    invariant: 'I24',
    about: 'the ledger sums to zero per currency, and so does each of its movements',
    text: `with movements as materialized (
             select movement_id, currency, sum(amount_minor) as total from ledger_entries group by 1, 2)
           select format('movement %s sums to %s %s', movement_id, total, currency) as broken
             from movements where total <> 0
           union all
           select format('currency %s sums to %s', currency, sum(total))
             from movements group by currency having sum(total) <> 0`,
  },
  {
    invariant: 'I24',
    about: 'each refund that succeeded, and no other, left the ledger with exactly its amount',
    text: `with paid_out as (
             select movement_id, payment_id, -amount_minor as amount_minor, currency
               from ledger_entries where movement_id <> payment_id and account = 'provider_balance')
           select format('refund %s is %s over %s %s, the ledger paid out %s %s', coalesce(r.id, o.movement_id),
                         coalesce(r.status, 'missing'), r.amount_minor, r.currency, o.amount_minor, o.currency) as broken
             from (select id, payment_id, status, amount_minor, currency from refunds) r
             full join paid_out o on o.movement_id = r.id
            where (r.status = 'succeeded') is distinct from (o.movement_id is not null)
               or (o.movement_id is not null
                   and (o.payment_id, o.amount_minor, o.currency) is distinct from (r.payment_id, r.amount_minor, r.currency))`,
  },
  {
    invariant: 'I24',
    about:
      'the fake provider holds the same money, but for what is being asked about or is or was with a person',
    text: `select format('payment %s is %s over %s, the provider holds %s as %s', p.id, p.status, p.amount_minor,
                         f.amount_minor, f.outcome) as broken
             from payments p left join fake_provider_charges f on f.key = p.id::text
            where p.provider = 'fake' and p.settled_at is not null
              and (case when p.status = 'succeeded' then p.amount_minor end)
                  is distinct from (case when f.outcome = 'succeeded' and f.settles_at <= transaction_timestamp() then f.amount_minor end)
              and not exists (select 1 from manual_cases m
                               where m.payment_id = p.id and (m.closed_at is null or m.note is not null))`,
  },
  {
    invariant: 'I25',
    about: 'each event of the provider that was processed belongs to a payment',
    text: `select format('event %s of %s is about %s, which is no payment', e.event_id, e.provider, e.payment_id) as broken
             from provider_events e left join payments p on p.id = e.payment_id
            where p.id is null`,
  },
];

/**
 * Evaluates every invariant that this database can answer, at most 10 broken rows named each. The answer is
 * of one moment when `sql` is a repeatable-read transaction.
 */
export async function verifyPayments(sql: Sql): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { invariant, about, text } of statements) {
    const { rows } = await sql.query<{ broken: string; total: string }>(
      `select broken, count(*) over () as total from (${text}) as found order by broken limit ${namedRows}`,
    );
    const count = Number(rows[0]?.total ?? 0);
    checks.push({ invariant, about, violations: { count, rows: rows.map((row) => row.broken) } });
  }
  return checks;
}

/** Money that was taken, in minor units. `refunded_minor` counts refunds that have not failed. */
export type CapturedPayment = {
  payment_id: string;
  booking_id: string;
  attempt: number;
  status: 'succeeded';
  amount_minor: number;
  currency: string;
  refunded_minor: number;
  /** Refunds that failed and wait for a person, or were given back by one (I23). */
  in_case_minor: number;
};

const pageSize = 5_000;

type CapturedRow = {
  id: string;
  booking_id: string;
  attempt: number;
  amount_minor: string;
  currency: string;
  refunded_minor: string;
  in_case_minor: string;
};

/** Every succeeded payment in pages of 5,000, ordered by booking and attempt, for the join with bookings. */
export async function* listCapturedPayments(sql: Sql): AsyncGenerator<readonly CapturedPayment[]> {
  let after = { bookingId: '00000000-0000-0000-0000-000000000000', attempt: 0 };
  for (;;) {
    const { rows } = await sql.query<CapturedRow>({
      name: 'list-captured',
      text: `select p.id, p.booking_id, p.attempt, p.amount_minor, p.currency, p.refunded_minor,
                    coalesce((select sum(r.amount_minor) from manual_cases m join refunds r on r.id = m.subject_id
                               where m.payment_id = p.id and m.kind = 'refund-failed'
                                 and (m.closed_at is null or m.note is not null)), 0) as in_case_minor
               from payments p
              where (p.booking_id, p.attempt) > ($1, $2) and p.status = 'succeeded'
              order by p.booking_id, p.attempt
              limit ${pageSize}`,
      values: [after.bookingId, after.attempt],
    });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(capturedOf);
    if (rows.length < pageSize) return;
    after = { bookingId: last.booking_id, attempt: last.attempt };
  }
}

function capturedOf(row: CapturedRow): CapturedPayment {
  return {
    payment_id: row.id,
    booking_id: row.booking_id,
    attempt: row.attempt,
    status: 'succeeded',
    amount_minor: Number(row.amount_minor),
    currency: row.currency,
    refunded_minor: Number(row.refunded_minor),
    in_case_minor: Number(row.in_case_minor),
  };
}
