/** Outbox and relay: a message is written with its change and published at least once, in order per key. */
import type { ClientBase } from 'pg';
import type { Bus } from './bus.ts';
import { monotonicMs, startTicker } from './clock.ts';
import type { Logger } from './log.ts';
import { isDatabaseUnavailable, type Database, type Sql } from './postgres.ts';

export type OutgoingMessage = { id: string; topic: string; key: string; type: string; payload: unknown };

/** Writes one message in the caller's transaction. */
export async function writeOutbox(client: Sql, message: OutgoingMessage): Promise<void> {
  await client.query({
    name: 'write-outbox',
    text: 'insert into outbox (id, topic, key, type, payload) values ($1, $2, $3, $4, $5)',
    values: [message.id, message.topic, message.key, message.type, JSON.stringify(message.payload)],
  });
}

/** Writes messages in the caller's transaction, in the order given, in one statement; none is none. */
export async function writeOutboxBatch(client: Sql, messages: readonly OutgoingMessage[]): Promise<void> {
  if (messages.length === 0) return;
  await client.query({
    name: 'write-outbox-batch',
    text: `insert into outbox (id, topic, key, type, payload)
           select m.id, m.topic, m.key, m.type, m.payload
             from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::json[]) with ordinality
                  m(id, topic, key, type, payload, place)
            order by m.place`,
    values: [
      messages.map((message) => message.id),
      messages.map((message) => message.topic),
      messages.map((message) => message.key),
      messages.map((message) => message.type),
      messages.map((message) => JSON.stringify(message.payload)),
    ],
  });
}

const batchSize = 200;
const retryCapSeconds = 30;
const relayLockKey = 7_340_001;
const keptDays = 30;
const pruneEveryMs = 3_600_000;

type OutboxRow = {
  position: string;
  id: string;
  topic: string;
  key: string;
  type: string;
  payload: unknown;
  created_at: Date;
  attempts: number;
};

export type Relay = { start: () => void; stop: () => Promise<void>; wake: () => void };
export type RelayDeps = { db: Database; bus: Bus; log: Logger; pollMs?: number };

/**
 * Publishes waiting rows of `outbox`. One relay per database works at a time (advisory lock of the
 * transaction); what fails waits 1, 2, 4 ... 30 s and holds back only later messages of its own key.
 * `db` should be a pool of one connection of its own: publishing keeps it busy.
 */
export function createRelay(deps: RelayDeps): Relay {
  let ticker: { stop: () => Promise<void>; wake: () => void } | null = null;
  let nextPruneAt = 0;
  async function tick(): Promise<void> {
    try {
      while ((await publishBatch(deps)) === batchSize);
      if (monotonicMs() >= nextPruneAt) {
        nextPruneAt = monotonicMs() + pruneEveryMs;
        await prune(deps.db);
      }
    } catch (error) {
      if (isDatabaseUnavailable(error)) deps.log.warn('the outbox waits for the database');
      else deps.log.error({ err: error }, 'the outbox relay failed; it tries again');
    }
  }
  return {
    start: () => {
      ticker ??= startTicker(deps.pollMs ?? 500, tick);
    },
    wake: () => ticker?.wake(),
    stop: async () => {
      await ticker?.stop();
      ticker = null;
    },
  };
}

async function publishBatch(deps: RelayDeps): Promise<number> {
  return deps.db.transaction(async (client) => {
    const rows = await claimWaiting(client);
    const held = new Set<string>();
    for (const row of rows) {
      if (held.has(row.key)) continue;
      const attempt = row.attempts + 1;
      try {
        await deps.bus.publish({ ...row, createdAt: row.created_at, attempt });
        await client.query({
          name: 'outbox-done',
          text: 'update outbox set published_at = clock_timestamp() where position = $1',
          values: [row.position],
        });
      } catch (error) {
        held.add(row.key);
        await markFailed(client, row.position, attempt, error);
      }
    }
    return rows.length;
  });
}

/** Rows in order of position whose key has no earlier row that waits for its next attempt. */
async function claimWaiting(client: ClientBase): Promise<OutboxRow[]> {
  await client.query("set local idle_in_transaction_session_timeout = '60s'");
  const lock = await client.query<{ held: boolean }>('select pg_try_advisory_xact_lock($1) as held', [
    relayLockKey,
  ]);
  if (lock.rows[0]?.held !== true) return [];
  const { rows } = await client.query<OutboxRow>({
    name: 'outbox-waiting',
    text: `select o.position, o.id, o.topic, o.key, o.type, o.payload, o.created_at, o.attempts
             from outbox o
            where o.published_at is null
              and not exists (select 1 from outbox e
                               where e.key = o.key and e.published_at is null and e.position <= o.position
                                 and e.next_attempt_at > clock_timestamp())
            order by o.position
            limit ${batchSize}`,
  });
  return rows;
}

async function markFailed(
  client: ClientBase,
  position: string,
  attempt: number,
  error: unknown,
): Promise<void> {
  const delaySeconds = Math.min(retryCapSeconds, 2 ** Math.min(attempt - 1, 10));
  await client.query(
    `update outbox set attempts = $2, last_error = $3, next_attempt_at = clock_timestamp() + make_interval(secs => $4)
      where position = $1`,
    [position, attempt, String(error).slice(0, 500), delaySeconds],
  );
}

async function prune(db: Database): Promise<void> {
  await db.query(`delete from outbox where published_at < now() - interval '${keptDays} days'`);
  await db.query(`delete from inbox where handled_at < now() - interval '${keptDays + 1} days'`);
  await db.query(`delete from idempotency_keys where created_at < now() - interval '48 hours'`);
}
