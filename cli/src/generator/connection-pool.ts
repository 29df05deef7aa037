/** The generator's connections: opened before the first arrival, reused, never more than a named bound. */
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

/** At most `limit` connections; jobs beyond that wait in order, and their wait is part of their latency. */
export function createConnectionPool(target: Target, limit: number): ConnectionPool {
  const connections = new Set<Connection>();
  const idle: Connection[] = [];
  const queue = createQueue<Job>();
  let closing = false;

  function serveNext(connection: Connection): void {
    const next = queue.take();
    if (next === undefined) idle.push(connection);
    else connection.send(next);
  }

  function forget(connection: Connection): void {
    connections.delete(connection);
    const at = idle.indexOf(connection);
    if (at >= 0) idle.splice(at, 1);
    const next = closing ? undefined : queue.take();
    if (next !== undefined) dispatch(next);
  }

  function connect(settled: (connected: boolean) => void): Connection {
    const made = openConnection(target, {
      opened: (connection) => {
        settled(true);
        // A job handed over before the handshake was done is under way already.
        if (connection.current() === null) serveNext(connection);
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
    const free = idle.pop();
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
      for (let job = queue.peek(); job !== undefined && job.deadlineAtMs <= nowMs; job = queue.peek()) {
        queue.take()?.settled({ kind: 'timed-out' });
      }
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
