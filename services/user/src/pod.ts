/** User's pod: what it reads, opens and calls. */
import { identityMigrations } from '@evently/identity/migrations';
import type { PodPlan } from '@evently/pod/plan';
import { userSettings, readUserConfig, type UserConfig } from './config.ts';
import { userMigrations } from './migrations.ts';
import { createUserService } from './service.ts';

export const userPod: PodPlan<UserConfig> = {
  name: 'user',
  settings: userSettings,
  read: readUserConfig,
  migrations: [identityMigrations, userMigrations],
  port: (config) => config.USER_PORT,
  connections: (config) => config.USER_POOL_SIZE,
  calls: ['booking'],
  create: ({ callerOf, ...deps }) => createUserService({ ...deps, bookingCaller: callerOf('booking') }),
};
