/** Who reads: one process at a time for each consumer, by a lock of a session in the consumer's database. */
import type { ClientBase } from 'pg';
import { pause } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { isDatabaseUnavailable, type Database } from '@evently/kit/postgres';

export type ReaderLocks = {
  /** `read` runs while this process has the lock of `name`, and again when it ends early; see `signal`. */
  whileHeld: (name: string, read: (signal: AbortSignal) => Promise<void>) => void;
  start: () => void;
  stop: () => Promise<void>;
};

/** Both the wait between two tries for a lock, and between two looks at the session that holds them. */
const lookMs = 1_000;
/** A reader that ended although it holds the lock begins again after this. */
const againMs = 200;
const lockClass = 7_340_002;
/** A connection that comes back within so many looks costs no change of readers. */
const looksInVain = 3;
/** A machine that is gone without a word is noticed by the server after about 25 s (tcp(7)). */
const keepaliveSeconds = { idle: 10, interval: 5 } as const;
const keepaliveProbes = 3;

type Wanted = { name: string; read: (signal: AbortSignal) => Promise<void> };

export type ReaderLocksDeps = {
  db: Database;
  /** Whether Redis can be reached from here: a process that cannot leaves the reading to one that can. */
  canRead: () => boolean;
  log: Logger;
};

/**
 * The locks live in one session on a connection of its own, so the end of the process ends them at once and
 * another process has them within two looks. A session that does not answer is given up with all its readers.
 * A reader can outlive its lock by one look; that repeats messages at most (decision 0016).
 */
export function createReaderLocks({ db, canRead, log }: ReaderLocksDeps): ReaderLocks {
  const all: Wanted[] = [];
  const reading = new Map<Wanted, Promise<void>>();
  let stopping = new AbortController();
  let running: Promise<void> | null = null;
  let told = false;

  async function holdSession(client: ClientBase): Promise<void> {
    const lost = new AbortController();
    client.once('end', () => lost.abort());
    const signal = AbortSignal.any([lost.signal, stopping.signal]);
    try {
      await client.query(keepaliveStatement);
      told = false;
      for (let vain = 0; vain < looksInVain && !signal.aborted; vain = canRead() ? 0 : vain + 1) {
        await client.query('select 1');
        for (const one of all)
          if (!reading.has(one) && (await tryLock(client, one.name))) reading.set(one, begin(one, signal));
        await pause(lookMs, signal);
      }
    } finally {
      lost.abort();
      // The locks end with the session, so their readers end first.
      await Promise.all(reading.values());
      reading.clear();
    }
  }

  async function begin({ name, read }: Wanted, signal: AbortSignal): Promise<void> {
    log.info({ reader: name }, 'this process reads for a consumer');
    while (!signal.aborted) {
      await read(signal).catch((error: unknown) => {
        log.error({ reader: name, err: error }, 'a reader ended; it begins again');
      });
      await pause(againMs, signal);
    }
  }

  async function keepSession(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (!canRead()) {
        await pause(againMs, stopping.signal);
        continue;
      }
      await db.session(holdSession).catch((error: unknown) => {
        const level = isDatabaseUnavailable(error) ? 'warn' : 'error';
        if (!told)
          log[level]({ err: String(error) }, 'the locks of the readers are lost until they can be had');
        told = true;
      });
      await pause(lookMs, stopping.signal);
    }
  }

  return {
    whileHeld: (name, read) => void all.push({ name, read }),
    start: () => {
      if (running !== null || all.length === 0) return;
      stopping = new AbortController();
      running = keepSession();
    },
    stop: async () => {
      stopping.abort();
      await running;
      running = null;
    },
  };
}

const keepaliveStatement = `select set_config('tcp_keepalives_idle', '${keepaliveSeconds.idle}', false),
       set_config('tcp_keepalives_interval', '${keepaliveSeconds.interval}', false),
       set_config('tcp_keepalives_count', '${keepaliveProbes}', false)`;

async function tryLock(client: ClientBase, name: string): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>({
    name: 'reader-lock',
    text: `select pg_try_advisory_lock(${lockClass}, hashtext($1)) as held`,
    values: [name],
  });
  return rows[0]?.held === true;
}
