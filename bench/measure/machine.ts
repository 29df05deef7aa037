/** The machine and the settings that a result was measured with. */
import os from 'node:os';
import pg from 'pg';
import { serverFlags } from '../server-flags.ts';

export type Machine = {
  processor: string;
  cores: number;
  memoryGb: number;
  system: string;
  node: string;
  /** Of Node, for every server that is measured. */
  serverFlags: readonly string[];
  postgres: string;
  /** Settings of PostgreSQL that decide what a sale costs and whether it lasts. */
  settings: Readonly<Record<string, string>>;
};

const bytesPerGb = 1_073_741_824;
const kbPerMb = 1_024;
const kbPerPage = 8;
const named = [
  'fsync',
  'synchronous_commit',
  'wal_sync_method',
  'max_connections',
  'checkpoint_timeout',
  'autovacuum',
  'full_page_writes',
  'shared_buffers',
  'max_wal_size',
  'wal_buffers',
  'wal_compression',
  'commit_delay',
  'jit',
];

export async function describeMachine(databaseUrl: string): Promise<Machine> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const { rows: settings } = await client.query<{ name: string; setting: string; unit: string | null }>(
      'select name, setting, unit from pg_settings where name = any($1) order by name',
      [named],
    );
    const { rows: version } = await client.query<{ server_version: string }>('show server_version');
    return {
      processor: os.cpus()[0]?.model ?? 'unknown',
      cores: os.availableParallelism(),
      memoryGb: Math.round(os.totalmem() / bytesPerGb),
      system: `${os.type()} ${os.release()}`,
      node: process.version,
      serverFlags,
      postgres: version[0]?.server_version ?? 'unknown',
      settings: Object.fromEntries(
        settings.map(({ name, setting, unit }) => [name, formatSetting(setting, unit)]),
      ),
    };
  } finally {
    await client.end();
  }
}

/** PostgreSQL counts some settings in pages of 8 kB; people do not. */
function formatSetting(setting: string, unit: string | null): string {
  if (unit === '8kB') return `${(Number(setting) * kbPerPage) / kbPerMb} MB`;
  return unit === null ? setting : `${setting} ${unit}`;
}
