/** Rows of `booking_transitions`: what happened to a booking, in order of revision. */
import type { Sql } from '@evently/kit/postgres';
import type { BookingStatus } from '../domain/booking.ts';

export type Step = { bookingId: string; revision: number; status: BookingStatus; at: Date };

/**
 * Steps of these bookings after the given revisions, the reservation itself (revision 1) among them.
 * One statement for all streams of a process.
 */
export async function listStepsAfter(
  sql: Sql,
  bookingIds: readonly string[],
  revisions: readonly number[],
): Promise<Step[]> {
  const { rows } = await sql.query<{ booking_id: string; revision: number; status: BookingStatus; at: Date }>(
    {
      name: 'list-steps-after',
      text: `with watched as (select id, revision from unnest($1::uuid[], $2::integer[]) w(id, revision))
           select b.id as booking_id, 1 as revision, 'pending' as status, b.created_at as at
             from watched w join bookings b on b.id = w.id where w.revision < 1
           union all
           select t.booking_id, t.revision, t.to_status, t.at
             from watched w join booking_transitions t on t.booking_id = w.id and t.revision > w.revision
            order by booking_id, revision`,
      values: [bookingIds, revisions],
    },
  );
  return rows.map((row) => ({
    bookingId: row.booking_id,
    revision: row.revision,
    status: row.status,
    at: row.at,
  }));
}
