/** Migrations that take something away, each with the reason why no version that is still served meets it. */

const beforeRelease = 'It was applied before the first release, so no version without it is served anywhere';

/** Path to the reason. A new entry says in which release the last user of what it removes was: see docs/upgrade.md. */
export const contractMigrations: Readonly<Record<string, string>> = {
  'services/booking/migrations/0005-reserve-batch-currency.sql': `${beforeRelease}.`,
  'services/booking/migrations/0007-bookings-by-user.sql': `${beforeRelease}; the index takes 4 s for 1.4 million rows.`,
  'services/booking/migrations/0009-armed-sales-warm-lead.sql': `${beforeRelease}; a table of armed sales has few rows.`,
  'services/search/migrations/0004-narrow-index.sql': `${beforeRelease}; the service builds the index that it empties anew.`,
  'services/search/migrations/0005-index-groups.sql': `${beforeRelease}; the service builds the index that it empties anew.`,
  'packages/kit/migrations/0002-held-messages.sql': `${beforeRelease}; the index holds only messages that failed.`,
};
