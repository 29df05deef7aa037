/** Where the tables of the event service are made. */
import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '@evently/kit/migrate';

/** Administrators and the catalog; apply it after the messaging tables and `identityMigrations`. */
export const eventMigrations: MigrationSet = {
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
  table: 'migrations',
};
