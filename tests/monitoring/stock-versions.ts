/** The versions of an event's stock as its database keeps them: one message for each, with who wrote it. */
import { createLogger } from '@evently/kit/log';
import { openDatabase, type Database } from '@evently/kit/postgres';

export type Version = { version: number; writer: string };

const log = createLogger('look', 'silent');

/** Every version so far, in order. */
export async function readVersions(databaseUrl: string, eventId: string): Promise<readonly Version[]> {
  return look(databaseUrl, async (db) => {
    const { rows } = await db.query<Version>(
      `select (payload ->> 'version')::int as version, payload ->> 'writer' as writer
         from outbox
        where topic = 'booking' and type = 'booking.stock_changed' and key = $1
        order by 1`,
      [eventId],
    );
    return rows;
  });
}

/** Tickets of all tiers of an event by their state, in the words of the metric. */
export async function readInventory(
  databaseUrl: string,
  eventId: string,
): Promise<Readonly<Record<string, number>>> {
  return look(databaseUrl, async (db) => {
    const { rows } = await db.query<Record<string, number>>(
      `select sum(available)::int as available, sum(held)::int as held, sum(sold)::int as sold,
              sum(blocked)::int as blocked, sum(available + held + sold + blocked)::int as capacity
         from inventory where event_id = $1`,
      [eventId],
    );
    return rows[0] ?? {};
  });
}

async function look<T>(url: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase({ url, name: 'look', max: 1, log });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

export type Counted = {
  /** Versions after `since`. */
  changes: number;
  /** Of these, those before which another process had written. */
  conflicts: number;
};

/** Of versions in order and without a gap, those after `since`. */
export function countConflicts(versions: readonly Version[], since: number): Counted {
  const after = versions.filter(({ version }) => version > since);
  const writers = new Map(versions.map(({ version, writer }) => [version, writer]));
  const conflicts = after.filter(({ version, writer }) => {
    const before = writers.get(version - 1);
    if (before === undefined) throw new Error(`the version before ${version} is not among the messages`);
    return before !== writer;
  });
  return { changes: after.length, conflicts: conflicts.length };
}
