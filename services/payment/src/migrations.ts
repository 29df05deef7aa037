/** The schema of the payment database, for whoever brings it to the newest version. */
import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '@evently/kit/migrate';

export const paymentMigrations: MigrationSet = {
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
  table: 'migrations',
};
