/** Rows of `tiers`: the classes of tickets of an event, in the order the editor gave. */
import type { Sql } from '@evently/kit/postgres';
import type { Tier } from '../domain/event.ts';

/** Only for an event whose row is locked; goes before `insertTiers`. */
export async function deleteTiers(client: Sql, eventId: string): Promise<void> {
  await client.query({
    name: 'delete-tiers',
    text: 'delete from tiers where event_id = $1',
    values: [eventId],
  });
}

/** All tiers of an event that has none. */
export async function insertTiers(client: Sql, eventId: string, tiers: readonly Tier[]): Promise<void> {
  await client.query({
    name: 'insert-tiers',
    text: `insert into tiers (event_id, tier_id, position, name, capacity, price_minor)
           select $1, t.tier_id, t.position, t.name, t.capacity, t.price_minor
             from unnest($2::uuid[], $3::text[], $4::int[], $5::bigint[]) with ordinality
                  as t (tier_id, name, capacity, price_minor, position)`,
    values: [
      eventId,
      tiers.map((tier) => tier.tierId),
      tiers.map((tier) => tier.name),
      tiers.map((tier) => tier.capacity),
      tiers.map((tier) => tier.priceMinor),
    ],
  });
}
