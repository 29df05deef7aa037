import { startTlsPostgres, type TlsPostgres } from '@evently/testkit/tls-postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { migrate } from './migrate.ts';
import { openDatabase, type Database } from './postgres.ts';

const log = createLogger('test', 'silent');
// A server is made for this file, on a machine that may be busy.
const startMs = 180_000;
let server: TlsPostgres;
beforeAll(async () => {
  server = await startTlsPostgres();
}, startMs);
afterAll(() => server.stop());

async function withDatabase<T>(url: string, caFile: string | undefined, work: (db: Database) => Promise<T>) {
  const db = openDatabase({ url, caFile, name: 'tls', max: 1, log, connectTimeoutMs: 5_000 });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
const askWhetherEncrypted = (db: Database) =>
  db.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()');

test('with the right authority and the right name the connection is encrypted', async () => {
  const { rows } = await withDatabase(
    `${server.url('localhost')}?sslmode=verify-full`,
    server.rightAuthority,
    askWhetherEncrypted,
  );
  expect(rows).toEqual([{ ssl: true }]);
  await migrate(`${server.url('localhost')}?sslmode=verify-full`, [], log, server.rightAuthority);
});

test('another authority, or none, is refused with what to do', async () => {
  for (const caFile of [server.wrongAuthority, undefined]) {
    const asked = withDatabase(`${server.url('localhost')}?sslmode=verify-full`, caFile, askWhetherEncrypted);
    await expect(asked).rejects.toThrow(/authority that is not believed here .*set POSTGRES_CA_FILE/);
  }
  const migrated = migrate(`${server.url('localhost')}?sslmode=verify-full`, [], log, server.wrongAuthority);
  await expect(migrated).rejects.toThrow('set POSTGRES_CA_FILE');
});

test('a certificate for another host is refused with what to do', async () => {
  const asked = withDatabase(
    `${server.url('127.0.0.1')}?sslmode=verify-full`,
    server.rightAuthority,
    askWhetherEncrypted,
  );
  await expect(asked).rejects.toThrow(/for another host .*connect by a name that it has/);
});

test('a server without TLS is refused, and is not spoken to in the clear', async () => {
  // The server of the whole run has none.
  const plain = new URL(process.env['EVENTLY_TEST_POSTGRES_URL'] ?? '');
  plain.hostname = 'localhost';
  plain.searchParams.set('sslmode', 'verify-full');
  const asked = withDatabase(plain.href, server.rightAuthority, askWhetherEncrypted);
  await expect(asked).rejects.toThrow(/does not speak TLS on this port: switch it on there/);
});

test('the same server without sslmode is spoken to in the clear: encryption is asked for, never guessed', async () => {
  const { rows } = await withDatabase(server.url('localhost'), undefined, askWhetherEncrypted);
  expect(rows).toEqual([{ ssl: false }]);
});
