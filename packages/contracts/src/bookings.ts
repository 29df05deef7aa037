/** Calls about bookings: a buyer's list (`GET /internal/bookings?user_id=&page=&limit=&status=`). */
import { z } from 'zod';
import { id } from './common.ts';

const maxListed = 100;

/** One page, newest first. Each booking has the fields of booking's public interface; only these two are relied on. */
export const bookingList = z.object({
  bookings: z.array(z.looseObject({ booking_id: id, status: z.string() })).max(maxListed),
  total: z.int(),
  page: z.int(),
  limit: z.int(),
  total_pages: z.int(),
});
export type BookingList = z.output<typeof bookingList>;
