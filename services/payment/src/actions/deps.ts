/** What the actions of payment need; each names the part it uses. */
import type { Clock } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { Database } from '@evently/kit/postgres';
import type { PaymentMetrics } from '../metrics.ts';
import type { PaymentProvider } from '../provider/port.ts';
import type { AttemptBooks } from './attempt-books.ts';

export type PaymentActionDeps = {
  db: Database;
  books: AttemptBooks;
  provider: PaymentProvider;
  providerDeadlineMs: number;
  clock: Clock;
  log: Logger;
  metrics: PaymentMetrics;
};
