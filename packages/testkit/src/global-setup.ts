/** Starts one embedded PostgreSQL for the whole test run and removes it afterwards. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startCluster } from '@evently/postgres/cluster';

export default async function setup(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(path.join(tmpdir(), 'evently-test-'));
  // The server runs as another user when the tests run as root.
  await chmod(directory, 0o755);
  const cluster = await startCluster({
    directory,
    port: 0,
    // Tests of crashes start clusters of their own; this one only has to be quick. A machine of many processors runs as
    // many files at once, each with up to twenty connections.
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '1000' },
  });
  process.env['EVENTLY_TEST_POSTGRES_URL'] = cluster.url('postgres');
  return async () => {
    await cluster.stop();
    await rm(directory, { recursive: true, force: true });
  };
}
