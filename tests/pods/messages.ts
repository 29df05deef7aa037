/** Looks into the databases of pods: which messages wait, and who has handled how many. */
import { createLogger } from '@evently/kit/log';
import { openDatabase } from '@evently/kit/postgres';

const log = createLogger('look', 'silent');

async function count(url: string, text: string, values: unknown[] = []): Promise<number> {
  const db = openDatabase({ url, name: 'look', max: 1, log });
  try {
    const { rows } = await db.query<{ n: number }>(text, values);
    return rows[0]?.n ?? 0;
  } finally {
    await db.close();
  }
}

/** Messages of the outbox that nobody has taken over yet. */
export function countWaiting(url: string): Promise<number> {
  return count(url, 'select count(*)::int as n from outbox where published_at is null');
}

/** Messages whose effect `consumer` has stored. */
export function countHandled(url: string, consumer: string): Promise<number> {
  return count(url, 'select count(*)::int as n from inbox where consumer = $1', [consumer]);
}
