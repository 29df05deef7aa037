/** One keep-alive socket that carries one request at a time. */
import net from 'node:net';
import tls from 'node:tls';
import type { Target } from './request-bytes.ts';
import { createResponseParser, type HttpResponse } from './response-parser.ts';

export type Outcome =
  | { kind: 'answered'; response: HttpResponse }
  /** No answer by the deadline: the effect is unknown. */
  | { kind: 'timed-out' }
  /** The connection was refused or ended without an answer: the effect is unknown. */
  | { kind: 'disconnected'; reason: string };

/** `started` is told when the bytes are handed to the socket, `settled` exactly once. */
export type Job = {
  bytes: Buffer;
  deadlineAtMs: number;
  started: () => void;
  settled: (outcome: Outcome) => void;
};

export type Connection = {
  send: (job: Job) => void;
  /** The job it carries, or null when idle. */
  current: () => Job | null;
  /** Ends the socket; a job under way settles with `outcome`. */
  abandon: (outcome: Outcome) => void;
};

export type ConnectionEvents = {
  opened: (connection: Connection) => void;
  /** The answer has been handed over and the connection may carry the next job. */
  idle: (connection: Connection) => void;
  closed: (connection: Connection) => void;
};

/** Connects at once; `opened` or `closed` tells how that went. Never throws later. */
export function openConnection(target: Target, events: ConnectionEvents): Connection {
  const socket = target.tls
    ? tls.connect({ host: target.host, port: target.port, servername: target.host })
    : net.connect({ host: target.host, port: target.port });
  socket.setNoDelay(true);
  const parser = createResponseParser();
  let job: Job | null = null;
  let failure = 'the server ended the connection';

  function settle(outcome: Outcome): void {
    const settling = job;
    job = null;
    settling?.settled(outcome);
  }

  const connection: Connection = {
    current: () => job,
    send: (next) => {
      job = next;
      next.started();
      socket.write(next.bytes);
    },
    abandon: (outcome) => {
      settle(outcome);
      socket.destroy();
    },
  };

  function receive(chunk: Buffer): void {
    for (const response of parser.push(chunk)) {
      settle({ kind: 'answered', response });
      if (response.keepsOpen) events.idle(connection);
      else socket.destroy();
    }
  }

  socket.on(target.tls ? 'secureConnect' : 'connect', () => events.opened(connection));
  socket.on('data', (chunk: Buffer) => {
    try {
      receive(chunk);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      socket.destroy();
    }
  });
  socket.on('end', () => {
    const last = parser.finish();
    if (last !== null) settle({ kind: 'answered', response: last });
    socket.destroy();
  });
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.on('close', () => {
    settle({ kind: 'disconnected', reason: failure });
    events.closed(connection);
  });
  return connection;
}
