/** Event's pod: what it reads, opens and calls. */
import { identityMigrations } from '@evently/identity/migrations';
import type { PodPlan } from '@evently/pod/plan';
import { eventSettings, readEventConfig, type EventConfig } from './config.ts';
import { eventMigrations } from './migrations.ts';
import { createEventService } from './service.ts';

export const eventPod: PodPlan<EventConfig> = {
  name: 'event',
  settings: eventSettings,
  read: readEventConfig,
  migrations: [identityMigrations, eventMigrations],
  port: (config) => config.EVENT_PORT,
  connections: (config) => config.EVENT_POOL_SIZE,
  calls: ['booking'],
  create: ({ callerOf, ...deps }) => createEventService({ ...deps, bookingCaller: callerOf('booking') }),
};
