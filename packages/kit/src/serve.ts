/** Serving and shutting down: a port that is closed without losing a request, and a life in order. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as afterPolling } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import type { ServiceApp } from './app.ts';
import type { Fetch } from './caller.ts';
import { monotonicMs, pause, systemClock } from './clock.ts';
import type { DirectOptions } from './direct.ts';
import { newId } from './ids.ts';
import type { Logger } from './log.ts';
import { problemResponse, type Problem } from './problems.ts';
import { collectTurns } from './turns.ts';

export type Listener = (req: IncomingMessage, res: ServerResponse) => void;
export type Listening = {
  port: number;
  /** From now on each answer ends its connection, so that clients that keep theirs open leave; goes on accepting. */
  shed: () => void;
  close: () => Promise<void>;
};

/** The port cannot be had; `message` is a sentence for the person who started the process. */
export class PortUnavailable extends Error {
  constructor(host: string, port: number, name: string, reason: string) {
    super(
      `Port ${port} on ${host} for ${name} cannot be used (${reason}). End what holds it, or choose another port.`,
    );
    this.name = 'PortUnavailable';
  }
}

/** Of all headers and the address: a query of 10 kB is three times as long in percent signs, and wants its 400. */
const maxHeaderBytes = 65_536;
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 15_000;
// Node looks every 30 s by itself, which would make both of them half a minute.
const timeoutCheckMs = 1_000;
const keepAliveTimeoutMs = 75_000;
const lingerMs = 500;
const drainMs = 20_000;

/**
 * A node listener for a fetch-style handler; a request that HTTP does not allow gets a 400 problem. Requests
 * that are read in one turn of the event loop are handled one after the other at its end (`collectTurns`).
 */
export function listenerOf(fetch: (request: Request, env: object) => Response | Promise<Response>): Listener {
  const listener = getRequestListener((request, env) => fetch(request, env), {
    errorHandler: () => problemResponse(malformedRequest, newId(systemClock.now().getTime())),
  });
  const handle = collectTurns<readonly [IncomingMessage, ServerResponse]>((requests) => {
    for (const [req, res] of requests) void listener(req, res);
  });
  return (req, res) => handle([req, res]);
}
export function listenerOfFetch(fetch: Fetch): Listener {
  return listenerOf((request) => fetch(request));
}

/**
 * Listens on host:port (0 picks one). `close` stops accepting and answers everything that was sent before,
 * each answer with `Connection: close`. Connections that are idle after half a second are ended: a request
 * may be on its way on one. After 20 s whatever is left is cut off.
 */
export async function listen(
  name: string,
  host: string,
  port: number,
  listener: Listener,
): Promise<Listening> {
  let shedding = false;
  let lingering = true;
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
      // The handlers refuse a request without a host as a problem document; node's own answer has no body.
      requireHostHeader: false,
      maxHeaderSize: maxHeaderBytes,
    },
    (req, res) => {
      if (shedding) res.setHeader('connection', 'close');
      res.on('close', () => {
        if (!lingering) server.closeIdleConnections();
      });
      listener(req, res);
    },
  );
  server.on('clientError', answerClientError);
  // Without listeners node answers an unknown `Expect` without a body, and drops a CONNECT without a word.
  server.on('checkExpectation', (req: IncomingMessage, res: ServerResponse) => {
    listenerOfFetch(() => problemResponse(unknownExpectation, newId(systemClock.now().getTime())))(req, res);
  });
  server.on('connect', (_req: IncomingMessage, socket: Duplex) => endWith(socket, noProxy));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new PortUnavailable(host, port, name, error.code === 'EADDRINUSE' ? 'it is taken' : error.message),
      ),
    );
    server.listen(port, host, () => resolve());
  });
  return {
    port: portOf(server),
    shed: () => {
      shedding = true;
    },
    close: async () => {
      shedding = true;
      await acceptAll(server);
      // Not http's own close: that one ends idle connections at once.
      const done = new AbortController();
      const closed = new Promise<void>((resolve) =>
        net.Server.prototype.close.call(server, () => resolve()),
      ).then(() => done.abort());
      await pause(lingerMs, done.signal);
      lingering = false;
      server.closeIdleConnections();
      await pause(drainMs, done.signal);
      server.closeAllConnections();
      await closed;
      server.close(() => {});
    },
  };
}

/**
 * Returns right after a turn in which nobody connected: what the system has accepted for us and we have not
 * taken yet is dropped with the port, and a turn takes one connection only.
 */
async function acceptAll(server: Server): Promise<void> {
  let taken = 0;
  const count = (): void => void (taken += 1);
  server.on('connection', count);
  const givesUpAtMs = monotonicMs() + lingerMs;
  // The turn that is under way may have polled already.
  await afterPolling();
  do {
    taken = 0;
    await afterPolling();
  } while (taken > 0 && monotonicMs() < givesUpAtMs);
  server.off('connection', count);
}

const malformedRequest: Problem = {
  status: 400,
  code: 'malformed_request',
  title: 'The request is not valid HTTP',
  detail: 'The request line or a header breaks the rules of HTTP/1.1.',
};
const unknownExpectation: Problem = {
  status: 417,
  code: 'expectation_failed',
  title: 'Only "Expect: 100-continue" is understood',
  detail: 'Leave the Expect header out, or send 100-continue.',
};
const noProxy: Problem = {
  status: 405,
  code: 'method_not_allowed',
  title: 'This server is no proxy',
  detail: 'CONNECT is not answered; send the request itself.',
};
const slowRequest: Problem = {
  status: 408,
  code: 'request_timeout',
  title: 'The request did not arrive in time',
  detail: `Send the headers within ${headersTimeoutMs / 1000} s and the whole request within ${requestTimeoutMs / 1000} s.`,
};
const headersTooLarge: Problem = {
  status: 431,
  code: 'headers_too_large',
  title: `The headers, address included, are larger than ${maxHeaderBytes / 1024} KiB`,
};

/** What node's parser refuses never reaches a handler; it is answered here, in the same shape as all else. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? slowRequest
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? headersTooLarge
        : malformedRequest;
  endWith(socket, problem);
}

/** Writes a problem document where there is no response to write it to, and ends the connection. */
function endWith(socket: Duplex, problem: Problem): void {
  const answer = problemResponse(problem, newId(systemClock.now().getTime()));
  socket.on('error', () => socket.destroy());
  void answer.text().then((body) => {
    const headers = [...answer.headers].map(([header, value]) => `${header}: ${value}\r\n`).join('');
    socket.end(
      `HTTP/1.1 ${problem.status} ${problem.title}\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}

/** What was opened, to be closed in reverse. */
export type Lifecycle = {
  opened: (name: string, close: () => Promise<void>) => void;
  closeAll: () => Promise<void>;
};

export function createLifecycle(log: Logger): Lifecycle {
  const open: { name: string; close: () => Promise<void> }[] = [];
  let closing: Promise<void> | null = null;
  async function closeInReverse(): Promise<void> {
    for (const { name, close } of open.toReversed()) {
      await close().catch((error: unknown) =>
        log.error({ err: String(error), part: name }, 'a part did not close'),
      );
    }
  }
  return {
    opened: (name, close) => void open.push({ name, close }),
    closeAll: () => (closing ??= closeInReverse()),
  };
}

/** On SIGTERM or SIGINT closes everything in reverse and exits 0; a second signal exits at once. */
export function closeOnSignal(lifecycle: Lifecycle, log: Logger): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) process.exit(1);
    log.info({ signal }, 'shutting down');
    void lifecycle.closeAll().then(() => process.exit(0));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** What every service is to the process that composes it. `start` opens jobs and relays, not ports. */
export type Service = {
  name: string;
  app: ServiceApp;
  /** What is answered in front of `app`, when the service has a hot path (`listenerOfService`). */
  direct?: DirectOptions;
  start: () => Promise<void>;
  stop: () => Promise<void>;
};
