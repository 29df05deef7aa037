/** One pass over the booking and payment databases: each one's own invariants, then the join of both. */
import { readEventBooks, type EventBooks } from '@evently/booking/store/books';
import { listPaidBookings, verifyBooking } from '@evently/booking/store/verify';
import { monotonicMs, pause } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { isDatabaseUnavailable, openDatabase, type Database, type Sql } from '@evently/kit/postgres';
import { readSnapshot } from '@evently/kit/snapshot';
import { listCapturedPayments, verifyPayments } from '@evently/payment/store/verify';
import { CommandError } from '../command-error.ts';
import { joinPayments, type Violation } from './join-payments.ts';

export type Finding = { invariant: string; about: string; violations: { count: number; rows: string[] } };

const statementTimeoutMs = 60_000;
const connectTimeoutMs = 5_000;
const connections = 2;
const settleMs = 1_500;
const namedRows = 20;

const joined = [
  { invariant: 'I16', about: 'No money was taken without a booking' },
  { invariant: 'I21', about: 'A confirmed paid booking has exactly one capture, of exactly its total' },
  { invariant: 'I23', about: 'Money of a booking that is over goes back' },
] as const;

export type VerifyUrls = {
  booking: string;
  payment: string;
  /** PEM file of the authority that vouches for both servers; absent without TLS, or when the system knows it. */
  caFile?: string | undefined;
};
export type { EventBooks };
/** `books` are those of the event that was named, of the same snapshot as booking's findings. */
export type Verified = { findings: Finding[]; books: EventBooks | null; durationMs: number };

/** Read-only. Both databases are read side by side; the order of findings is booking, payment, join. */
export async function verifyPlatform(urls: VerifyUrls, eventId?: string): Promise<Verified> {
  const startedAtMs = monotonicMs();
  const booking = openForReading('booking', urls.booking, urls.caFile);
  const payment = openForReading('payment', urls.payment, urls.caFile);
  try {
    const [ofBooking, ofPayment] = await Promise.all([
      readSnapshot(booking, async (client) => ({
        findings: await verifyBooking(client),
        books: eventId === undefined ? null : await booksOf(client, eventId),
      })),
      readSnapshot(payment, verifyPayments),
    ]);
    const findings = [...ofBooking.findings, ...ofPayment, ...(await verifyJoin(booking, payment))];
    return { findings, books: ofBooking.books, durationMs: monotonicMs() - startedAtMs };
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    throw new CommandError(
      `The databases cannot be read (${error instanceof Error ? error.message : String(error)}). Is the platform running?`,
    );
  } finally {
    await Promise.all([booking.close(), payment.close()]);
  }
}

async function booksOf(sql: Sql, eventId: string): Promise<EventBooks> {
  const books = await readEventBooks(sql, eventId);
  if (books !== null) return books;
  throw new CommandError(
    `Booking knows no event ${eventId}. Ids are those of published events: look at /api/event/events.`,
  );
}

function openForReading(name: string, url: string, caFile: string | undefined): Database {
  return openDatabase({
    url,
    caFile,
    name: `verify-${name}`,
    max: connections,
    log: createLogger('verify', 'silent'),
    connectTimeoutMs,
    statementTimeoutMs,
  });
}

/**
 * A message between the two may be under way while they are read, so what looks broken is looked at once
 * more 1.5 s later; only what is broken both times counts.
 */
async function verifyJoin(booking: Database, payment: Database): Promise<Finding[]> {
  const first = await readJoin(booking, payment);
  if (first.length === 0) return describeJoin([]);
  await pause(settleMs);
  const before = new Set(first.map(({ row }) => row));
  return describeJoin((await readJoin(booking, payment)).filter(({ row }) => before.has(row)));
}

function readJoin(booking: Database, payment: Database): Promise<Violation[]> {
  return joinPayments(listPaidBookings(booking), listCapturedPayments(payment));
}

function describeJoin(violations: readonly Violation[]): Finding[] {
  return joined.map(({ invariant, about }) => {
    const rows = violations.filter((violation) => violation.invariant === invariant).map(({ row }) => row);
    return { invariant, about, violations: { count: rows.length, rows: rows.slice(0, namedRows) } };
  });
}
