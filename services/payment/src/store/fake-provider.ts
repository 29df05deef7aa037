/** The fake provider's memory: charges, refunds and events, each statement a transaction of its own. */
import type { Sql } from '@evently/kit/postgres';
import type { ProviderCharge, ProviderRefund } from '../domain/life.ts';

const chargeColumns = `key, amount_minor, currency, decline_code, refund_fails,
  case when settles_at > clock_timestamp() then 'pending' else outcome end as status,
  greatest(0, ceil(extract(epoch from settles_at - clock_timestamp()) * 1000))::bigint as settles_in_ms`;

type ChargeRow = {
  key: string;
  amount_minor: string | null;
  currency: string | null;
  decline_code: string | null;
  refund_fails: boolean;
  status: ProviderCharge['status'];
  settles_in_ms: string;
};
export type FakeCharge = ProviderCharge & { settlesInMs: number; refundFails: boolean };

function chargeOf(row: ChargeRow): FakeCharge {
  return {
    status: row.status,
    transactionId: row.status === 'succeeded' ? `fake_${row.key}` : null,
    amountMinor: row.amount_minor === null ? null : Number(row.amount_minor),
    currency: row.currency,
    declineCode: row.status === 'declined' ? row.decline_code : null,
    settlesInMs: Number(row.settles_in_ms),
    refundFails: row.refund_fails,
  };
}

export type NewFakeCharge = {
  key: string;
  amountMinor: number;
  currency: string;
  outcome: 'succeeded' | 'declined';
  declineCode: string | null;
  settlesAfterMs: number;
  refundFails: boolean;
};

/**
 * Stores the charges, one result each in their order; null when the key has one already, whose word then
 * stands, the first of a key that is here twice being its charge. In order of the key, as all that insert several.
 */
export async function insertCharges(
  sql: Sql,
  charges: readonly NewFakeCharge[],
): Promise<(FakeCharge | null)[]> {
  const { rows } = await sql.query<ChargeRow>({
    name: 'fake-insert-charges',
    text: `insert into fake_provider_charges (key, amount_minor, currency, outcome, decline_code, settles_at, refund_fails)
           select n.key, n.amount_minor, n.currency, n.outcome, n.decline_code,
                  clock_timestamp() + n.settles_after_ms * interval '1 millisecond', n.refund_fails
             from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::boolean[])
                  with ordinality n(key, amount_minor, currency, outcome, decline_code, settles_after_ms, refund_fails, place)
            order by n.key, n.place
           on conflict (key) do nothing
           returning ${chargeColumns}`,
    values: [
      charges.map((charge) => charge.key),
      charges.map((charge) => charge.amountMinor),
      charges.map((charge) => charge.currency),
      charges.map((charge) => charge.outcome),
      charges.map((charge) => charge.declineCode),
      charges.map((charge) => charge.settlesAfterMs),
      charges.map((charge) => charge.refundFails),
    ],
  });
  const stored = new Map(rows.map((row) => [row.key, chargeOf(row)]));
  return charges.map(({ key }) => {
    const charge = stored.get(key) ?? null;
    stored.delete(key);
    return charge;
  });
}

export async function findCharge(sql: Sql, key: string): Promise<FakeCharge | null> {
  const { rows } = await sql.query<ChargeRow>({
    name: 'fake-find-charge',
    text: `select ${chargeColumns} from fake_provider_charges where key = $1`,
    values: [key],
  });
  const row = rows[0];
  return row === undefined ? null : chargeOf(row);
}

/** Voids what has not settled, and leaves a voided charge under a key never seen; a settled one stays. */
export async function voidCharge(sql: Sql, key: string): Promise<void> {
  await sql.query({
    name: 'fake-void-charge',
    text: `insert into fake_provider_charges as charge (key, outcome) values ($1, 'voided')
           on conflict (key) do update
             set outcome = 'voided', settles_at = clock_timestamp()
           where charge.settles_at > clock_timestamp()`,
    values: [key],
  });
}

type RefundRow = { id: string; amount_minor: string; status: ProviderRefund['status'] };

function refundOf(row: RefundRow | undefined): ProviderRefund | null {
  if (row === undefined) return null;
  return {
    status: row.status,
    providerRefundId: `fake_${row.id}`,
    amountMinor: Number(row.amount_minor),
    failureCode: row.status === 'failed' ? 'refund_refused' : null,
  };
}

const refundColumns = `id, amount_minor, case when settles_at > clock_timestamp() then 'pending' else outcome end as status`;

export type NewFakeRefund = {
  id: string;
  key: string;
  amountMinor: number;
  outcome: 'succeeded' | 'failed';
  settlesAfterMs: number;
};

/**
 * Locks the charge until the transaction ends, as a statement of its own: after a wait, only a statement
 * that begins later sees the refunds the other one stored.
 */
export async function lockCharge(sql: Sql, key: string): Promise<FakeCharge | null> {
  const { rows } = await sql.query<ChargeRow>({
    name: 'fake-lock-charge',
    text: `select ${chargeColumns} from fake_provider_charges where key = $1 for update`,
    values: [key],
  });
  const row = rows[0];
  return row === undefined ? null : chargeOf(row);
}

/** Stores a refund unless its id has one, or it would exceed the charge, which the caller has locked. */
export async function insertFakeRefund(sql: Sql, refund: NewFakeRefund): Promise<void> {
  await sql.query({
    name: 'fake-insert-refund',
    text: `insert into fake_provider_refunds (id, key, amount_minor, outcome, settles_at)
           select $1, charge.key, $3::bigint, $4, clock_timestamp() + $5 * interval '1 millisecond'
             from fake_provider_charges charge
            where charge.key = $2 and charge.outcome = 'succeeded' and charge.settles_at <= clock_timestamp()
              and charge.amount_minor >= $3::bigint + coalesce(
                  (select sum(r.amount_minor) from fake_provider_refunds r
                    where r.key = charge.key and not (r.outcome = 'failed' and r.settles_at <= clock_timestamp())), 0)
           on conflict (id) do nothing`,
    values: [refund.id, refund.key, refund.amountMinor, refund.outcome, refund.settlesAfterMs],
  });
}

export async function findFakeRefund(sql: Sql, id: string): Promise<ProviderRefund | null> {
  const { rows } = await sql.query<RefundRow>({
    name: 'fake-find-refund',
    text: `select ${refundColumns} from fake_provider_refunds where id = $1`,
    values: [id],
  });
  return refundOf(rows[0]);
}
