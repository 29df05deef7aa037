/** Where booking's migrations lie. */
import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '@evently/kit/migrate';

export const bookingMigrations: MigrationSet = {
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
  table: 'migrations',
};
