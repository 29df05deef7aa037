/** Where the tables of the search service are made. */
import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '@evently/kit/migrate';

/** What is known of the catalog, and the index of the PostgreSQL engine; apply it after the messaging tables. */
export const searchMigrations: MigrationSet = {
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
  table: 'migrations',
};
