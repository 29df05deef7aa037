/** Who builds an index: one process at a time. */
import type { Database } from '@evently/kit/postgres';

const rebuildKey = 7_340_220;

/**
 * Does `work` while this process alone builds the index of `engine`; null when another one does. The lock belongs to a
 * session of its own, and goes with it.
 */
export async function holdRebuilding<T>(
  db: Database,
  engine: string,
  work: () => Promise<T>,
): Promise<T | null> {
  return db.session(async (client) => {
    const { rows } = await client.query<{ held: boolean }>({
      name: 'hold-rebuilding',
      text: 'select pg_try_advisory_lock($1, hashtext($2)) as held',
      values: [rebuildKey, engine],
    });
    return rows[0]?.held === true ? await work() : null;
  });
}
