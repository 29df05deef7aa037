/** Where the tables of the user service are made. */
import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '@evently/kit/migrate';

/** `users`; apply it after the messaging tables and `identityMigrations`. */
export const userMigrations: MigrationSet = {
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
  table: 'migrations',
};
