/** The only reader of this service's environment. */
import { z } from 'zod';
import { integer, readSettings, setting, type SettingValues } from '@evently/kit/config';

export const bookingSettings = {
  BOOKING_PORT: setting(integer(0, 65_535), {
    fallback: '8004',
    unit: 'port',
    about: 'Port of the booking service',
  }),
  BOOKING_DATABASE_URL: setting(z.string().min(1), {
    secret: true,
    about: 'PostgreSQL database of the booking service',
  }),
  BOOKING_POOL_SIZE: setting(integer(1, 50), {
    fallback: '4',
    unit: 'connections',
    about: 'Connections of the booking service at most',
  }),
  BOOKING_TICKET_SECRET: setting(z.string().min(32, 'must have 32 characters or more'), {
    secret: true,
    about: 'Secret that ticket codes are derived under; a change voids every printed ticket',
  }),
  BOOKING_HOLD_SECONDS: setting(integer(1, 86_400), {
    fallback: '900',
    unit: 's',
    about: 'How long a reservation is held',
  }),
  BOOKING_OFFER_SECONDS: setting(integer(1, 604_800), {
    fallback: '900',
    unit: 's',
    about: 'How long an offer to the waitlist is held',
  }),
  BOOKING_RESERVE_PER_MINUTE: setting(integer(0, 1_000_000), {
    fallback: '10',
    unit: 'requests/min',
    about: 'Reservations each buyer may ask for; 0 is no limit',
  }),
  BOOKING_WRITES_PER_MINUTE: setting(integer(0, 1_000_000), {
    fallback: '60',
    unit: 'requests/min',
    about: 'Confirmations, cancellations and waitlist calls of each buyer; 0 is no limit',
  }),
  BOOKING_MAX_BATCH: setting(integer(1, 512), {
    fallback: '256',
    unit: 'requests',
    about: 'Reservations in one batch at most',
  }),
  BOOKING_QUEUE_SECONDS: setting(integer(1, 60), {
    fallback: '1',
    unit: 's',
    about: 'Work that may wait for one event, at the measured rate',
  }),
  BOOKING_MIN_QUEUE: setting(integer(1, 1_000_000), {
    fallback: '8192',
    unit: 'requests',
    about: 'The queue of an event is never shorter than this',
  }),
  BOOKING_MAX_QUEUE: setting(integer(1, 1_000_000), {
    fallback: '20000',
    unit: 'requests',
    about: 'The queue of an event is never longer than this',
  }),
  BOOKING_MAX_WAITING: setting(integer(0, 1_000_000), {
    fallback: '1000',
    unit: 'entries',
    about: 'Waiting entries of one event at most',
  }),
  BOOKING_SOLD_OUT_MEMORY_MS: setting(integer(0, 60_000), {
    fallback: '250',
    unit: 'ms',
    about: 'Age at most of a remembered "sold out"',
  }),
  BOOKING_SWEEP_MS: setting(integer(10, 60_000), {
    fallback: '1000',
    unit: 'ms',
    about: 'Time between two sweeps for lapsed holds',
  }),
  BOOKING_PAYMENT_LEASE_SECONDS: setting(integer(1, 600), {
    fallback: '30',
    unit: 's',
    about: 'After this a payment under way is asked about',
  }),
  BOOKING_PAYMENT_CHECK_SECONDS: setting(integer(1, 600), {
    fallback: '5',
    unit: 's',
    about: 'Time between two questions about an unknown payment',
  }),
  BOOKING_PAYMENT_GIVE_UP_SECONDS: setting(integer(1, 86_400), {
    fallback: '1800',
    unit: 's',
    about: 'An unknown payment is given up after this',
  }),
  BOOKING_MAX_STREAMS: setting(integer(1, 100_000), {
    fallback: '2000',
    unit: 'streams',
    about: 'Open event streams of this process at most',
  }),
};
export type BookingConfig = SettingValues<typeof bookingSettings>;

export function readBookingConfig(env: Readonly<Record<string, string | undefined>>): BookingConfig {
  return readSettings(bookingSettings, env);
}
