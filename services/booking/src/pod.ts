/** Booking's pod: what it reads, opens and calls. */
import type { PodPlan } from '@evently/pod/plan';
import { bookingSettings, readBookingConfig, type BookingConfig } from './config.ts';
import { bookingMigrations } from './migrations.ts';
import { createBookingService } from './service.ts';

export const bookingPod: PodPlan<BookingConfig> = {
  name: 'booking',
  settings: bookingSettings,
  read: readBookingConfig,
  migrations: [bookingMigrations],
  port: (config) => config.BOOKING_PORT,
  connections: (config) => config.BOOKING_POOL_SIZE,
  calls: ['payment'],
  create: ({ callerOf, ...deps }) => createBookingService({ ...deps, paymentCaller: callerOf('payment') }),
};
