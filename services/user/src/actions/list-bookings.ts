/** A person's bookings, asked of the booking service, which owns them. */
import { bookingList, type BookingList } from '@evently/contracts/bookings';
import type { Caller } from '@evently/kit/caller';
import type { Logger } from '@evently/kit/log';
import type { Sql } from '@evently/kit/postgres';
import type { Refused } from '../domain/account.ts';
import { isErased } from '../store/users.ts';

export type ListBookingsDeps = { db: Sql; bookingCaller: Caller; log: Logger };
export type BookingsQuery = { userId: string; page: number; limit: number; status: string | undefined };

/** Never waits longer than the caller's deadline; `bookings-unavailable` when booking is away or answers oddly. */
export async function listBookings(
  deps: ListBookingsDeps,
  query: BookingsQuery,
): Promise<{ ok: true; bookings: BookingList } | Refused<'unknown-account' | 'bookings-unavailable'>> {
  if (await isErased(deps.db, query.userId)) return { ok: false, refusal: { kind: 'unknown-account' } };
  const parameters = new URLSearchParams({
    user_id: query.userId,
    page: String(query.page),
    limit: String(query.limit),
    ...(query.status === undefined ? {} : { status: query.status }),
  });
  const called = await deps.bookingCaller.call(
    'GET',
    `/internal/bookings?${parameters.toString()}`,
    bookingList,
  );
  if (called.kind === 'ok') return { ok: true, bookings: called.value };
  const reason = called.kind === 'away' ? called.reason : `refused: ${called.code}`;
  deps.log.warn({ reason }, 'booking did not list the bookings');
  return { ok: false, refusal: { kind: 'bookings-unavailable' } };
}
