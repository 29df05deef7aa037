/** Who builds an index: one process at a time. */
import type { ClientBase } from 'pg';
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
    if (rows[0]?.held !== true) return null;
    try {
      return await work();
    } finally {
      await release(client, engine);
    }
  });
}

/** At once, so that the next rebuild need not wait until the server has noticed that the session is closed. */
async function release(client: ClientBase, engine: string): Promise<void> {
  await client
    .query({
      name: 'release-rebuilding',
      text: 'select pg_advisory_unlock($1, hashtext($2))',
      values: [rebuildKey, engine],
    })
    .catch(() => {
      // The session is gone, and the lock with it.
    });
}
