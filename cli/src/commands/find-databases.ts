/** The databases that commands read: those of the environment, else of the platform running here. */
import { createLogger } from '@evently/kit/log';
import { openDatabase, type Database } from '@evently/kit/postgres';
import { CommandError } from '../command-error.ts';
import { dataFolder, readRuntime, type Runtime } from '../runtime.ts';

export type DatabaseUrls = { booking: string; payment: string; caFile: string | undefined };

/** Throws a sentence that says how to name them. */
export async function findDatabases(): Promise<DatabaseUrls> {
  const runtime = await readRuntime(dataFolder(process.env));
  const booking = process.env['BOOKING_DATABASE_URL'] ?? runtime?.databases.booking;
  const payment = process.env['PAYMENT_DATABASE_URL'] ?? runtime?.databases.payment;
  if (booking !== undefined && payment !== undefined) return { booking, payment, caFile: certificates() };
  throw new CommandError(
    `No platform has been started in ${dataFolder(process.env)}. Start it with "make start", or set BOOKING_DATABASE_URL and PAYMENT_DATABASE_URL.`,
  );
}

const connectTimeoutMs = 5_000;
const statementTimeoutMs = 60_000;

/** Booking's database for reading; null when neither the environment nor `runtime` names one. The caller closes it. */
export function openBookingDatabase(runtime: Runtime | null): Database | null {
  const url = process.env['BOOKING_DATABASE_URL'] ?? runtime?.databases.booking;
  if (url === undefined) return null;
  return openDatabase({
    url,
    caFile: certificates(),
    name: 'report',
    max: 1,
    log: createLogger('report', 'silent'),
    connectTimeoutMs,
    statementTimeoutMs,
  });
}

function certificates(): string | undefined {
  const named = process.env['POSTGRES_CA_FILE'] ?? '';
  return named === '' ? undefined : named;
}
