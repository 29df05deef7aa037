/** Search's pod: what it reads, opens and calls. */
import type { PodPlan } from '@evently/pod/plan';
import { readSearchConfig, searchSettings, type SearchConfig } from './config.ts';
import { searchMigrations } from './migrations.ts';
import { createSearchService } from './service.ts';

export const searchPod: PodPlan<SearchConfig> = {
  name: 'search',
  settings: searchSettings,
  read: readSearchConfig,
  migrations: [searchMigrations],
  port: (config) => config.SEARCH_PORT,
  connections: (config) => config.SEARCH_POOL_SIZE,
  calls: ['event'],
  create: ({ callerOf, ...deps }) => createSearchService({ ...deps, eventCaller: callerOf('event') }),
};
