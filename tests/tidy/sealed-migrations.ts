/** The fingerprint of each migration: somebody's database has applied it, so it is never edited again. */

/** Path to the first 16 hexadecimal digits of the SHA-256 of its text. */
export const sealedMigrations: Readonly<Record<string, string>> = {
  'packages/identity/migrations/0001-identity.sql': '7205a7504a934642',
  'packages/kit/migrations/0001-messaging.sql': '69cf2ae97ce6a189',
  'packages/kit/migrations/0002-held-messages.sql': '4d5be5b3d68f7f92',
  'packages/kit/migrations/0003-streams.sql': '335514f741065d6d',
  'packages/kit/migrations/0004-traces.sql': '8d8a3ec223d8d24e',
  'services/booking/migrations/0001-inventory.sql': '4c4cc9eb1de11c22',
  'services/booking/migrations/0002-bookings.sql': '4ef2d59898833a94',
  'services/booking/migrations/0003-waitlist.sql': 'b9afebe89d0e99be',
  'services/booking/migrations/0004-reserve-batch.sql': 'ef4dbf98d91c76be',
  'services/booking/migrations/0005-reserve-batch-currency.sql': 'c09b8ca7e4562b03',
  'services/booking/migrations/0006-booking-segments.sql': '36c506e31b0670a2',
  'services/booking/migrations/0007-bookings-by-user.sql': '76c055cff79eff92',
  'services/booking/migrations/0008-reserve-batch-read-once.sql': 'b30a2ffec5b17bd1',
  'services/booking/migrations/0009-armed-sales-warm-lead.sql': '0e868ffbe360e798',
  'services/booking/migrations/0010-armed-sales-retired.sql': '4b7473f924ba3175',
  'services/booking/migrations/0011-reserve-batch-traced.sql': 'abf399e27ee071d6',
  'services/event/migrations/0001-administrators.sql': '263f569b3a6a837e',
  'services/event/migrations/0002-catalog.sql': '05a19fff2669a93d',
  'services/event/migrations/0003-search.sql': '18c69bcdfd537701',
  'services/payment/migrations/0001-payments.sql': 'a76f52717e9a346b',
  'services/payment/migrations/0002-ledger.sql': 'aaac852fe4cb2802',
  'services/payment/migrations/0003-provider-events.sql': '86f9b699bd10d7f5',
  'services/payment/migrations/0004-fake-provider.sql': 'ec490df10a64da77',
  'services/user/migrations/0001-users.sql': 'ed351fcbf7eda8fe',
};
