/** Entries of the ledger: one movement is two entries that sum to zero, written once and never changed. */
import type { Sql } from '@evently/kit/postgres';

export type Movement = {
  /** The payment's id for a capture, the refund's id for a refund. */
  id: string;
  paymentId: string;
  /** Into the provider's balance; negative for a refund. */
  amountMinor: number;
  currency: string;
};

/** Writes a movement in the caller's transaction; a second one of the same id is a unique violation. */
export async function writeMovement(sql: Sql, movement: Movement): Promise<void> {
  await sql.query({
    name: 'write-movement',
    text: `insert into ledger_entries (movement_id, account, payment_id, amount_minor, currency)
           values ($1, 'provider_balance', $2, $3::bigint, $4), ($1, 'sales_clearing', $2, -$3::bigint, $4)`,
    values: [movement.id, movement.paymentId, movement.amountMinor, movement.currency],
  });
}
