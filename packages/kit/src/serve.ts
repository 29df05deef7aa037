/** Serving and shutting down: a port that is closed without losing a request, and a life in order. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { ServiceApp } from './app.ts';
import type { Fetch } from './caller.ts';
import { pause } from './clock.ts';
import type { Logger } from './log.ts';

export type Listener = (req: IncomingMessage, res: ServerResponse) => void;
export type Listening = { port: number; close: () => Promise<void> };

/** The port cannot be had; `message` is a sentence for the person who started the process. */
export class PortUnavailable extends Error {
  constructor(host: string, port: number, name: string, reason: string) {
    super(`Port ${port} on ${host} for ${name} cannot be used (${reason}). End what holds it, or choose another port.`);
    this.name = 'PortUnavailable';
  }
}

const headersTimeoutMs = 10_000;
const requestTimeoutMs = 15_000;
const keepAliveTimeoutMs = 75_000;
const drainMs = 20_000;

/** A node listener for a fetch-style handler. */
export function listenerOf(fetch: (request: Request, env: object) => Response | Promise<Response>): Listener {
  const listener = getRequestListener((request, env) => fetch(request, env), { overrideGlobalObjects: false });
  return (req, res) => void listener(req, res);
}
export function listenerOfFetch(fetch: Fetch): Listener {
  return listenerOf((request) => fetch(request));
}

/**
 * Listens on host:port (0 picks one). `close` stops accepting, answers what is under way with
 * `Connection: close`, ends idle connections at once, and after 20 s whatever is left.
 */
export async function listen(name: string, host: string, port: number, listener: Listener): Promise<Listening> {
  let closing = false;
  const server = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs }, (req, res) => {
    if (closing) res.setHeader('connection', 'close');
    res.on('close', () => {
      if (closing) server.closeIdleConnections();
    });
    listener(req, res);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new PortUnavailable(host, port, name, error.code === 'EADDRINUSE' ? 'it is taken' : error.message)),
    );
    server.listen(port, host, () => resolve());
  });
  return {
    port: portOf(server),
    close: async () => {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await Promise.race([closed, pause(drainMs).then(() => server.closeAllConnections())]);
      await closed;
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}

/** What was opened, to be closed in reverse. */
export type Lifecycle = { opened: (name: string, close: () => Promise<void>) => void; closeAll: () => Promise<void> };

export function createLifecycle(log: Logger): Lifecycle {
  const open: { name: string; close: () => Promise<void> }[] = [];
  let closing: Promise<void> | null = null;
  async function closeInReverse(): Promise<void> {
    for (const { name, close } of open.toReversed()) {
      await close().catch((error: unknown) => log.error({ err: String(error), part: name }, 'a part did not close'));
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
  start: () => Promise<void>;
  stop: () => Promise<void>;
};
