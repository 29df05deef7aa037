/** Reads that may be a moment old, from a copy of the database while that is fit, else from the database itself. */
import { withDeadline } from './clock.ts';
import type { Logger } from './log.ts';
import { addCounter, defineCounter } from './metrics-define.ts';
import { Registry } from 'prom-client';
import { isDatabaseUnavailable, type Database, type Sql } from './postgres.ts';

/**
 * For lists and reports only: never for a decision, nor for the version that an edit is checked against.
 * With `newest` the database itself is read.
 */
export type Reads = <T>(work: (sql: Sql) => Promise<T>, options?: { newest?: boolean }) => Promise<T>;

/** Without a replica: the database itself. */
export function readsOf(db: Database): Reads {
  return (work) => work(db);
}

export type ReplicaOptions = {
  primary: Database;
  /** A pool of its own, on the replica's URL. */
  replica: Database;
  log: Logger;
  nowMs: () => number;
  registry?: Registry;
  /** What the replica shows may be this old. */
  maxLagMs?: number;
};

/** What a list shows may be this old by default. */
export const replicaLagMs = 5_000;
export const replicaDefinitions = {
  reads: defineCounter({
    name: 'evently_replica_reads_total',
    help: 'Lists and reports, by the server that was read',
    labels: { from: ['primary', 'replica'] },
  }),
} as const;

// How old the primary's word may be that a replica is held against.
const sampleMs = 1_000;
const fitDeadlineMs = 500;
// After a replica was found unfit nobody waits for it anew before this has passed.
const avoidMs = 2_000;

/**
 * A replica is fit when it has replayed everything that the primary had written a second ago, or when the
 * last commit that it replayed is not older than `maxLagMs`. An idle primary commits nothing, so the age alone would call
 * every quiet replica late. Asked on the very connection that reads, because one URL may stand for several replicas.
 * When it is away, slow to say so or late, the primary is read, and the replica is avoided for two seconds.
 */
export function createReplicaReads(options: ReplicaOptions): Reads {
  const { primary, replica, log, nowMs } = options;
  const maxLagMs = options.maxLagMs ?? replicaLagMs;
  const written = createWrittenSample(primary, nowMs);
  const counted = addCounter(options.registry ?? new Registry(), replicaDefinitions.reads);
  let avoidUntilMs = 0;
  let isTrying = false;
  let wasFit = true;

  function avoid(error: unknown): void {
    avoidUntilMs = nowMs() + avoidMs;
    if (wasFit) log.warn({ err: reasonOf(error) }, 'lists and reports come from the primary');
    wasFit = false;
  }

  function found(): void {
    avoidUntilMs = 0;
    if (!wasFit) log.info('lists and reports come from the replica again');
    wasFit = true;
  }

  async function readReplica<T>(position: string, work: (sql: Sql) => Promise<T>): Promise<T> {
    const fit = Promise.withResolvers<void>();
    // A transaction keeps its connection, and gives it back to the pool: no list pays for a new one.
    const answer = replica.transaction(async (client) => {
      await assertFit(client, position, maxLagMs);
      fit.resolve();
      return work(client);
    });
    answer.catch(fit.reject);
    await withDeadline(fit.promise, fitDeadlineMs, 'the replica');
    found();
    return answer;
  }

  return async (work, { newest = false } = {}) => {
    // While one read tries a replica that was unfit, the others do not wait for the outcome.
    const isAvoided = nowMs() < avoidUntilMs || (!wasFit && isTrying);
    const readPrimary = (): ReturnType<typeof work> => {
      counted.inc({ from: 'primary' });
      return work(primary);
    };
    if (newest || isAvoided) return readPrimary();
    const position = await written();
    isTrying = true;
    try {
      const answer = await readReplica(position, work);
      counted.inc({ from: 'replica' });
      return answer;
    } catch (error) {
      if (!isOfReplica(error)) throw error;
      avoid(error);
      return await readPrimary();
    } finally {
      isTrying = false;
    }
  };
}

/** The replica shows too old a state, or is none. */
class ReplicaUnfit extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'ReplicaUnfit';
  }
}

/** Everything but a fault of the statement itself: another database answers that no better. */
function isOfReplica(error: unknown): boolean {
  return (
    error instanceof ReplicaUnfit ||
    isDatabaseUnavailable(error) ||
    (error instanceof Error && error.name === 'DeadlinePassed')
  );
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${String(error)}: ${cause.message}` : String(error);
}

/** Where the primary's log ended, at most a second ago; one question for all who want to know. */
function createWrittenSample(primary: Database, nowMs: () => number): () => Promise<string> {
  let sample: { position: Promise<string>; until: number } | null = null;
  async function ask(): Promise<string> {
    const { rows } = await primary.query<{ position: string }>({
      name: 'replica-written',
      text: 'select pg_current_wal_lsn()::text as position',
    });
    return rows[0]?.position ?? '';
  }
  return () => {
    if (sample !== null && nowMs() < sample.until) return sample.position;
    const taken = { position: ask(), until: nowMs() + sampleMs };
    sample = taken;
    taken.position.catch(() => {
      if (sample === taken) sample = null;
    });
    return taken.position;
  };
}

type Fitness = { is_replica: boolean; has_all: boolean; behind_ms: number };

async function assertFit(client: Sql, written: string, maxLagMs: number): Promise<void> {
  const { rows } = await client.query<Fitness>({
    name: 'replica-fit',
    text: `select pg_is_in_recovery() as is_replica,
                  coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false) as has_all,
                  coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000,
                           'infinity')::float8 as behind_ms`,
    values: [written],
  });
  const fitness = rows[0];
  if (fitness === undefined || !fitness.is_replica)
    throw new ReplicaUnfit('the database of the replica URL is no replica');
  if (fitness.has_all || fitness.behind_ms <= maxLagMs) return;
  throw new ReplicaUnfit(
    `the replica is ${Math.round(fitness.behind_ms)} ms behind, and ${maxLagMs} are allowed`,
  );
}
