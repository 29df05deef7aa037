/** Outbox and relay: a message is written with its change and published at least once, in order per key. */
import type { ClientBase } from 'pg';
import { BusUnavailable, type Bus, type Message } from './bus.ts';
import { monotonicMs, pause, startTicker, type Ticker } from './clock.ts';
import type { Logger } from './log.ts';
import { isDatabaseUnavailable, type Database, type Sql } from './postgres.ts';
import { createTelling } from './telling.ts';
import { inSendSpan } from './tracing-messages.ts';
import { activeTraceparent } from './tracing.ts';

export type OutgoingMessage = { id: string; topic: string; key: string; type: string; payload: unknown };

/** Writes one message in the caller's transaction. */
export async function writeOutbox(client: Sql, message: OutgoingMessage): Promise<void> {
  if (activeTraceparent() !== null) return writeOutboxBatch(client, [message]);
  await client.query({
    name: 'write-outbox',
    text: 'insert into outbox (id, topic, key, type, payload) values ($1, $2, $3, $4, $5)',
    values: [message.id, message.topic, message.key, message.type, JSON.stringify(message.payload)],
  });
}

/**
 * Writes messages in the caller's transaction, in the order given, in one statement; none is none. In a trace that is
 * recorded each carries its place there, by a statement of its own: without one nothing is written that nobody reads.
 */
export async function writeOutboxBatch(client: Sql, messages: readonly OutgoingMessage[]): Promise<void> {
  if (messages.length === 0) return;
  const traceparent = activeTraceparent();
  if (traceparent !== null) return writeTracedBatch(client, messages, traceparent);
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

async function writeTracedBatch(
  client: Sql,
  messages: readonly OutgoingMessage[],
  traceparent: string,
): Promise<void> {
  await client.query({
    name: 'write-outbox-traced',
    text: `insert into outbox (id, topic, key, type, payload, traceparent)
           select m.id, m.topic, m.key, m.type, m.payload, $6
             from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::json[]) with ordinality
                  m(id, topic, key, type, payload, place)
            order by m.place`,
    values: [
      messages.map((message) => message.id),
      messages.map((message) => message.topic),
      messages.map((message) => message.key),
      messages.map((message) => message.type),
      messages.map((message) => JSON.stringify(message.payload)),
      traceparent,
    ],
  });
}

const batchSize = 200;
const pollMs = 500;
/** Rounds that found something are this far apart: under load the messages of many commits travel together. */
const restMs = 200;
/** One that found nothing rests so many times as long as it took: a long queue that is held is dear to look at. */
const restShare = 5;
const retryCapSeconds = 30;
const relayLockKey = 7_340_001;
const keptDays = 30;
const pruneEveryMs = 3_600_000;
const pruneBatch = 5_000;

export type Relay = { start: () => void; stop: () => Promise<void>; wake: () => void };
export type RelayDeps = {
  db: Database;
  bus: Bus;
  log: Logger;
  pollMs?: number;
  /** Told after the commit how many messages of a topic were published. */
  published?: ((topic: string, messages: number) => void) | undefined;
};

/**
 * Publishes waiting rows of `outbox` in batches. One relay per database works at a time (advisory lock of the
 * transaction); what fails waits 1, 2, 4 ... 30 s and holds back only later messages of its own key.
 * `wake` begins a round at once when the relay is idle, so that a lone message does not wait; wakes that come
 * during a round or its rest are one. `db` should be a pool of one connection of its own: publishing keeps it
 * busy.
 */
export function createRelay(deps: RelayDeps): Relay {
  const everyMs = deps.pollMs ?? pollMs;
  let ticker: Ticker | null = null;
  let stopping = new AbortController();
  let nextPruneAt = 0;
  /** Publishes what waits; answers whether there was anything. */
  async function publishWaiting(): Promise<boolean> {
    const first = await publishBatch(deps);
    let claimed = first;
    while (claimed === batchSize && !stopping.signal.aborted) claimed = await publishBatch(deps);
    return first !== 0;
  }
  const telling = createTelling(deps.log, { waits: 'the outbox waits', goesOn: 'the outbox goes on' });
  async function round(): Promise<void> {
    const beganAt = monotonicMs();
    let busy = true;
    try {
      busy = await publishWaiting();
      telling.goesOn();
      if (monotonicMs() >= nextPruneAt && !(await pruneBatches(deps.db)))
        nextPruneAt = monotonicMs() + pruneEveryMs;
    } catch (error) {
      if (error instanceof BusUnavailable) telling.waits(error.message);
      else if (isDatabaseUnavailable(error)) telling.waits('the database is away');
      else deps.log.error({ err: error }, 'the outbox relay failed; it tries again');
    }
    const tookMs = monotonicMs() - beganAt;
    await pause(Math.min(everyMs, busy ? restMs : Math.min(restMs, restShare * tookMs)), stopping.signal);
  }
  return {
    start: () => {
      if (ticker !== null) return;
      stopping = new AbortController();
      ticker = startTicker(everyMs, round);
    },
    wake: () => ticker?.wake(),
    stop: async () => {
      stopping.abort();
      await ticker?.stop();
      ticker = null;
    },
  };
}

/** Answers how many rows were claimed; null when another relay is at work. */
async function publishBatch(deps: RelayDeps): Promise<number | null> {
  const topics = new Map<string, number>();
  const claimed = await deps.db.transaction(async (client) => {
    if (!(await takeTurn(client))) return null;
    // What was lost waits again; the next turn, which follows at once, publishes it.
    if ((await deps.bus.lookAfter?.(client)) === true) return batchSize;
    const rows = await findWaiting(client);
    if (rows.length === 0) return 0;
    const messages = rows.map(messageOf);
    const { handled, failed } = await inSendSpan(messages, () => deps.bus.publishBatch(messages, client));
    const published: string[] = [];
    const failures: Failure[] = [];
    const held = new Set<string>();
    for (const { position, id, key, topic, attempts } of rows) {
      if (!held.has(key) && handled.has(id)) {
        published.push(position);
        topics.set(topic, (topics.get(topic) ?? 0) + 1);
      } else if (!held.has(key) && failed.has(id))
        failures.push({ position, attempt: attempts + 1, error: failed.get(id) });
      if (!handled.has(id)) held.add(key);
    }
    if (published.length > 0) await markPublished(client, published);
    if (failures.length > 0) await markFailed(client, failures);
    return rows.length;
  });
  for (const [topic, messages] of topics) deps.published?.(topic, messages);
  return claimed;
}

type OutboxRow = {
  position: string;
  id: string;
  topic: string;
  key: string;
  type: string;
  payload: unknown;
  created_at: Date;
  attempts: number;
  traceparent: string | null;
};

function messageOf(row: OutboxRow): Message {
  const { id, topic, key, type, payload, created_at: createdAt, attempts, traceparent } = row;
  const message = { id, topic, key, type, payload, createdAt, attempt: attempts + 1 };
  return traceparent === null ? message : { ...message, traceparent };
}

/**
 * Whether this relay has the turn, until its transaction ends. The lock is a statement of its own: rows that
 * another relay has just published must not be in the snapshot of the next one.
 */
async function takeTurn(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>({
    name: 'outbox-turn',
    text: `select pg_try_advisory_xact_lock($1) as held,
                  set_config('idle_in_transaction_session_timeout', '60s', true)`,
    values: [relayLockKey],
  });
  return rows[0]?.held === true;
}

/**
 * Rows in order of position whose key has no earlier row that waits for its next attempt. They are not locked:
 * nobody but the relay that has the turn changes them.
 */
async function findWaiting(client: ClientBase): Promise<OutboxRow[]> {
  const { rows } = await client.query<OutboxRow>({
    name: 'outbox-waiting',
    text: `select o.position, o.id, o.topic, o.key, o.type, o.payload, o.created_at, o.attempts, o.traceparent
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

/**
 * `published_at` rises with every batch, whatever the clock does: it is the order of publishing, by which a bus
 * that keeps messages knows what to publish again (outbox-streams.ts).
 */
async function markPublished(client: ClientBase, positions: readonly string[]): Promise<void> {
  await client.query({
    name: 'outbox-done',
    text: `update outbox
              set published_at = greatest(clock_timestamp(), (select max(published_at) from outbox)
                                                               + interval '1 microsecond')
            where position = any($1::bigint[])`,
    values: [positions],
  });
}

type Failure = { position: string; attempt: number; error: unknown };

async function markFailed(client: ClientBase, failures: readonly Failure[]): Promise<void> {
  await client.query({
    name: 'outbox-failed',
    text: `update outbox o
              set attempts = f.attempt, last_error = f.error,
                  next_attempt_at = clock_timestamp() + make_interval(secs => f.delay_seconds)
             from unnest($1::bigint[], $2::integer[], $3::text[], $4::integer[])
                  f(position, attempt, error, delay_seconds)
            where o.position = f.position`,
    values: [
      failures.map(({ position }) => position),
      failures.map(({ attempt }) => attempt),
      failures.map(({ error }) => String(error).slice(0, 500)),
      failures.map(({ attempt }) => Math.min(retryCapSeconds, 2 ** Math.min(attempt - 1, 10))),
    ],
  });
}

/**
 * Deletes what is older than kept, a bounded number of rows of each table, so that neither a time-out nor a
 * waiting message meets a month's worth; true when there may be more.
 */
async function pruneBatches(db: Database): Promise<boolean> {
  const statements = [
    `delete from outbox where position = any(array(
       select position from outbox where published_at < now() - interval '${keptDays} days'
        order by published_at limit ${pruneBatch}))`,
    `delete from inbox where ctid = any(array(
       select ctid from inbox where handled_at < now() - interval '${keptDays + 1} days'
        order by handled_at limit ${pruneBatch}))`,
    `delete from idempotency_keys where ctid = any(array(
       select ctid from idempotency_keys where created_at < now() - interval '48 hours'
        order by created_at limit ${pruneBatch}))`,
  ];
  let more = false;
  for (const statement of statements) more = (await db.query(statement)).rowCount === pruneBatch || more;
  return more;
}
