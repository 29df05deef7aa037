/** A PostgreSQL that speaks TLS, with a certificate for `localhost` from an authority of the test's own. */
import { chmod, chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startCluster } from '@evently/postgres/cluster';
import { writeTestCertificates, type TestCertificates } from './tls-files.ts';

export type TlsPostgres = TestCertificates & {
  /** By its name, which the certificate has, or by its address, which it has not. */
  url: (host: 'localhost' | '127.0.0.1') => string;
  stop: () => Promise<void>;
};

export async function startTlsPostgres(): Promise<TlsPostgres> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-tls-'));
  await chmod(folder, 0o755);
  const certificates = await writeTestCertificates(folder);
  // A first start makes the cluster: its files tell who the server runs as, which must own the key.
  const directory = path.join(folder, 'cluster');
  const plain = await startCluster({ directory, port: 0 });
  const { uid, gid } = await stat(plain.pgdata);
  await chown(certificates.key, uid, gid);
  await plain.stop();
  const cluster = await startCluster({
    directory,
    port: 0,
    settings: { ssl: 'on', ssl_cert_file: certificates.certificate, ssl_key_file: certificates.key },
  });
  return {
    ...certificates,
    url: (host) => {
      const url = new URL(cluster.url('postgres'));
      url.hostname = host;
      return url.href;
    },
    stop: async () => {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
