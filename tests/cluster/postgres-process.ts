/** A PostgreSQL for pods, as a process that takes its server with it: `node postgres-process.ts FOLDER ADDRESS NETWORK`. */
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startTicker } from '@evently/kit/clock';
import { superviseCluster } from '@evently/postgres/supervisor';

const aliveMs = 60_000;
const [, , folder = '', address = '', network = ''] = process.argv;
if (network === '') throw new Error('usage: node postgres-process.ts FOLDER ADDRESS NETWORK');

// Nobody without a password, from this machine or from a pod.
const rules = path.join(folder, 'pg_hba.conf');
await writeFile(
  rules,
  ['127.0.0.1/32', network].map((from) => `host all all ${from} scram-sha-256\n`).join(''),
  { mode: 0o644 },
);
const cluster = await superviseCluster(
  {
    directory: folder,
    port: 0,
    settings: {
      listen_addresses: `127.0.0.1,${address}`,
      hba_file: rules,
      max_connections: '200',
      // Processes are killed here and never the machine: what the system has taken is kept. Other work on its disk
      // would delay every commit.
      fsync: 'off',
      jit: 'off',
      timezone: 'UTC',
    },
  },
  (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
);
const told = path.join(folder, 'running.json');
// Whole or not at all: somebody waits for it.
await writeFile(
  `${told}.new`,
  JSON.stringify({ port: cluster.port, pgdata: cluster.pgdata, url: cluster.url('postgres') }),
  { mode: 0o600 },
);
await rename(`${told}.new`, told);

// The server is no child that keeps a process alive, and a signal's listener is none either.
const alive = startTicker(aliveMs, () => Promise.resolve());
const end = (): void => void Promise.all([alive.stop(), cluster.stop()]).then(() => process.exit(0));
process.once('SIGTERM', end);
process.once('SIGINT', end);
