/** The generator's connections: opened before the first arrival, reused, never more than a named bound. */
import { monotonicMs } from '@evently/kit/clock';
import { openConnection, type Connection, type Job } from './connection.ts';
import type { Target } from './request-bytes.ts';

export type ConnectionPool = {
  /** Opens `count` connections, a few at a time; rejects when one cannot be had. */
  open: (count: number) => Promise<void>;
  /** Sends the job on an idle connection, a new one, or, at the bound, on the first to come free. */
  submit: (job: Job) => void;
  /** Settles as timed out every job whose deadline has passed at `nowMs`. */
  expire: (nowMs: number) => void;
  close: () => void;
};

// Node's server lets 511 connections wait to be accepted; a group stays well below.
const openGroup = 100;
// A server ends a connection that sends nothing for a while, Node's after 10 s here, and what it says then would be
// taken for the answer of a request that has just been sent.
const longestUnusedMs = 5_000;

/** At most `limit` connections; jobs beyond that wait in order, and their wait is part of their latency. */
export function createConnectionPool(
  target: Target,
  limit: number,
  unusedMs = longestUnusedMs,
): ConnectionPool {
  const connections = new Set<Connection>();
  const idle = createIdle(unusedMs);
  const queue = createQueue<Job>();
  let closing = false;

  function serveNext(connection: Connection): void {
    const next = queue.take();
    if (next === undefined) idle.add(connection);
    else connection.send(next);
  }

  function forget(connection: Connection): void {
    connections.delete(connection);
    idle.remove(connection);
    const next = closing ? undefined : queue.take();
    if (next !== undefined) dispatch(next);
  }

  function connect(settled: (connected: boolean) => void): Connection {
    const made = openConnection(target, {
      opened: (connection) => {
        settled(true);
        // A job handed over before the handshake was done is under way already.
        if (connection.current() !== null) return;
        idle.opened(connection);
        serveNext(connection);
      },
      idle: serveNext,
      closed: (connection) => {
        settled(false);
        forget(connection);
      },
    });
    connections.add(made);
    return made;
  }

  function dispatch(job: Job): void {
    const free = idle.take();
    if (free !== undefined) free.send(job);
    else if (connections.size < limit) connect(() => {}).send(job);
    else queue.add(job);
  }

  return {
    open: async (count) => {
      const wanted = Math.min(count, limit);
      for (let made = 0; made < wanted; made += openGroup) {
        const group = Array.from({ length: Math.min(openGroup, wanted - made) }, () =>
          connected(target, connect),
        );
        await Promise.all(group);
      }
      // The last one is taken next. A busy server takes connections in the order in which they were opened, so who
      // comes first goes out on the first: the other way round, the first buyers were answered last.
      idle.reverse();
    },
    submit: dispatch,
    expire: (nowMs) => {
      for (const connection of connections) {
        const job = connection.current();
        if (job !== null && job.deadlineAtMs <= nowMs) connection.abandon({ kind: 'timed-out' });
      }
      expireWaiting(queue, nowMs);
    },
    close: () => {
      closing = true;
      for (const connection of connections) {
        connection.abandon({ kind: 'disconnected', reason: 'the run was ended' });
      }
    },
  };
}

function connected(
  target: Target,
  connect: (settled: (connected: boolean) => void) => Connection,
): Promise<void> {
  return new Promise((resolve, reject) => {
    connect((isConnected) => {
      if (isConnected) resolve();
      else
        reject(
          new Error(
            `Nothing answers at ${target.host}:${target.port}. Is the platform running? Start it with "make start".`,
          ),
        );
    });
  });
}

/** The first to come are the first to be late. */
function expireWaiting(queue: Queue<Job>, nowMs: number): void {
  for (let job = queue.peek(); job !== undefined && job.deadlineAtMs <= nowMs; job = queue.peek())
    queue.take()?.settled({ kind: 'timed-out' });
}

type Idle = {
  /** It has carried nothing yet. */
  opened: (connection: Connection) => void;
  add: (connection: Connection) => void;
  /** The one that was added last; those that waited too long for their first use are ended. */
  take: () => Connection | undefined;
  remove: (connection: Connection) => void;
  reverse: () => void;
};

function createIdle(unusedMs: number): Idle {
  const free: Connection[] = [];
  const openedMs = new Map<Connection, number>();
  return {
    opened: (connection) => void openedMs.set(connection, monotonicMs()),
    add: (connection) => void free.push(connection),
    take: () => {
      for (let one = free.pop(); one !== undefined; one = free.pop()) {
        const atMs = openedMs.get(one);
        openedMs.delete(one);
        if (atMs === undefined || monotonicMs() - atMs < unusedMs) return one;
        one.abandon({ kind: 'disconnected', reason: 'it was not used' });
      }
      return undefined;
    },
    remove: (connection) => {
      openedMs.delete(connection);
      const at = free.indexOf(connection);
      if (at >= 0) free.splice(at, 1);
    },
    reverse: () => void free.splice(0, free.length, ...free.toReversed()),
  };
}

type Queue<T> = { add: (item: T) => void; take: () => T | undefined; peek: () => T | undefined };

/** First in, first out, without moving the rest on every take. Bounded by the jobs of one run. */
function createQueue<T>(): Queue<T> {
  let items: T[] = [];
  let first = 0;
  return {
    add: (item) => void items.push(item),
    peek: () => items[first],
    take: () => {
      const item = items[first];
      if (item === undefined) return undefined;
      first += 1;
      if (first === items.length) {
        items = [];
        first = 0;
      }
      return item;
    },
  };
}
