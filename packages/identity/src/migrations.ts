/** Where the tables of an issuer's credentials are made. */
import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '@evently/kit/migrate';

/** `signing_keys`, `refresh_families` and `refresh_tokens`; apply it to the issuer's own database. */
export const identityMigrations: MigrationSet = {
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
  table: 'migrations_identity',
};
