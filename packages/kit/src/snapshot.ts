/** Reading a database as it was at one moment. */
import type { ClientBase } from 'pg';
import type { Database } from './postgres.ts';

/** Runs `work` in a read-only transaction that sees one snapshot, whatever is committed meanwhile. */
export function readSnapshot<T>(db: Database, work: (client: ClientBase) => Promise<T>): Promise<T> {
  return db.transaction(async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    return work(client);
  });
}
