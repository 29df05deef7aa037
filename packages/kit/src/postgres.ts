/** A pool of PostgreSQL connections that cannot hang, leak or take the process down. */
import pg from 'pg';
import type { ClientBase, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { monotonicMs } from './clock.ts';
import type { Logger } from './log.ts';
import { adviseOnPostgresTls, postgresAddress } from './postgres-address.ts';
import { traceStatements } from './tracing-statements.ts';

/** Anything a statement can be sent to: a client inside a transaction, or the pool for one statement. */
export type Sql = {
  query: <R extends QueryResultRow = QueryResultRow>(
    statement: string | QueryConfig,
    values?: unknown[],
  ) => Promise<QueryResult<R>>;
};

export type DatabaseOptions = {
  /** With `sslmode=verify-full` for TLS; see `postgresAddress`. */
  url: string;
  /** PEM file of the authorities that are believed instead of the system's. */
  caFile?: string | undefined;
  name: string;
  /** Connections at most. */
  max: number;
  log: Logger;
  connectTimeoutMs?: number;
  statementTimeoutMs?: number;
  lockTimeoutMs?: number;
  /** Told how long each statement and transaction waited for its connection, in seconds. */
  waited?: ((seconds: number) => void) | undefined;
};

export type Database = Sql & {
  /** Runs `work` in one read-committed transaction; rolls back when it throws. */
  transaction: <T>(work: (client: ClientBase) => Promise<T>) => Promise<T>;
  /** Lends one connection until `work` ends, then closes it, and with it all that its session holds. */
  session: <T>(work: (client: ClientBase) => Promise<T>) => Promise<T>;
  /** Answers whether a statement gets through right now. */
  ready: () => Promise<boolean>;
  waiting: () => number;
  /** Connections there are, and how many of them are lent. */
  connections: () => { idle: number; used: number };
  close: () => Promise<void>;
};

/** The database cannot be reached or refuses work at the moment; the request may be repeated. */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown) {
    const advice = adviseOnPostgresTls(cause);
    super(`The database is not available${advice === null ? '' : `: ${advice}`}`, { cause });
    this.name = 'DatabaseUnavailable';
  }
}

const connectTimeoutMs = 1_000;
const statementTimeoutMs = 2_000;
const lockTimeoutMs = 500;
const idleInTransactionTimeoutMs = 5_000;
const maxLifetimeSeconds = 1_800;
// A connection that was opened ahead of a crowd is still there when it comes, its statements prepared.
const idleTimeoutMs = 600_000;

// Connection exceptions, resources, operator intervention, read-only after a demotion, lock not
// available, deadlock, serialization (PostgreSQL, appendix A).
const unavailableState = /^(08...|53...|57P..|57014|25006|25P03|55P03|40P01|40001)$/;
const unavailableText =
  /Connection terminated|ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|timeout exceeded|Query read timeout|Client has encountered a connection error|Cannot use a pool after|connection is closed|not queryable/i;
// After these the session is unusable, whatever the pool thinks.
const brokenState = /^(08...|57P0.|25006|XX...)$/;

/** PostgreSQL's own code of an error (its appendix A), or the system's; empty when there is none. */
export function sqlStateOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** True when the failure is the database's absence or overload, not the statement's fault. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  if (!(error instanceof Error)) return false;
  const state = sqlStateOf(error);
  return unavailableState.test(state) || unavailableText.test(state) || unavailableText.test(error.message);
}

/** The name of the violated constraint when `error` is a unique violation, else null. */
export function uniqueViolation(error: unknown): string | null {
  if (!(error instanceof pg.DatabaseError) || error.code !== '23505') return null;
  return error.constraint ?? '';
}

/**
 * Opens a pool with every time-out set: connect 1 s, statement 2 s (client-side a second later, for
 * half-open links), lock 500 ms, idle in transaction 5 s. Each connection has an error listener: without
 * one, a backend that dies while checked out ends the process (node-postgres, "pool.on error"). Throws
 * `ConfigError` when the address or the CA file cannot be used.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = openPool(options);

  async function connect(): Promise<pg.PoolClient> {
    const askedMs = monotonicMs();
    const client = await pool.connect().catch((error: unknown) => {
      throw new DatabaseUnavailable(error);
    });
    options.waited?.((monotonicMs() - askedMs) / 1_000);
    return client;
  }

  async function withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = traceStatements(await connect(), options.name);
    let broken = false;
    try {
      return await work(client);
    } catch (error) {
      broken =
        brokenState.test(sqlStateOf(error)) || (isDatabaseUnavailable(error) && sqlStateOf(error) === '');
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async function session<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    const client = await connect();
    return work(client).finally(() => client.release(true));
  }

  async function transaction<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    return withClient(async (client) => {
      await client.query('begin');
      try {
        const result = await work(client);
        await client.query('commit');
        return result;
      } catch (error) {
        // The first error is the one that matters; a failed rollback means that the session is gone.
        await client
          .query('rollback')
          .catch((lost: Error) => options.log.warn({ err: lost.message }, 'rollback failed'));
        throw error;
      }
    });
  }

  // One statement on a connection of its own. Checked out by hand, because pool.query drops the
  // connection on every error, a unique violation included.
  const query: Sql['query'] = <R extends QueryResultRow>(
    statement: string | QueryConfig,
    values?: unknown[],
  ) => withClient((client) => client.query<R>(statement, values));

  return {
    query,
    transaction,
    session,
    ready: () =>
      query('select 1').then(
        () => true,
        () => false,
      ),
    waiting: () => pool.waitingCount,
    connections: () => ({ idle: pool.idleCount, used: pool.totalCount - pool.idleCount }),
    close: () => pool.end(),
  };
}

function openPool(options: DatabaseOptions): pg.Pool {
  const statementMs = options.statementTimeoutMs ?? statementTimeoutMs;
  const pool = new pg.Pool({
    ...postgresAddress(options.url, options.caFile),
    application_name: `evently-${options.name}`,
    max: options.max,
    connectionTimeoutMillis: options.connectTimeoutMs ?? connectTimeoutMs,
    statement_timeout: statementMs,
    query_timeout: statementMs + 1_000,
    lock_timeout: options.lockTimeoutMs ?? lockTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    maxLifetimeSeconds,
    keepAlive: true,
  });
  pool.on('error', (error) => options.log.warn({ err: error.message }, 'an idle connection was lost'));
  pool.on('connect', (client) => {
    client.on('error', (error) => options.log.warn({ err: error.message }, 'a connection was lost'));
  });
  return pool;
}
