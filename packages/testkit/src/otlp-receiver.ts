/** A collector for tests: takes traces by OTLP over HTTP in protobuf, as any other does, and can be slow or ill. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { decodeTraces, type ReceivedSpan } from './otlp-decode.ts';

/** `takes` answers 200; `hangs` reads and never answers; `ill` answers 503; `refuses` ends the connection at once. */
export type Manner = 'takes' | 'hangs' | 'ill' | 'refuses';

export type OtlpReceiver = {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT is to be. */
  url: string;
  /** How it answers from now on. */
  behave: (manner: Manner) => void;
  /** Everything that it has taken. */
  spans: () => readonly ReceivedSpan[];
  /** Headers of the last request. */
  headers: () => Readonly<Record<string, unknown>>;
  /** Requests that reached it, taken or not. */
  requests: () => number;
  /** Resolves with what `found` finds among the spans, at once or when more come; rejects after ten seconds. */
  until: <T>(what: string, found: (spans: readonly ReceivedSpan[]) => T | undefined) => Promise<T>;
  close: () => Promise<void>;
};

const untilMs = 30_000;

export type { ReceivedSpan };

/** @param tls PEM files of its certificate for `localhost` and of the key; without them it speaks plainly */
export async function startOtlpReceiver(tls?: { certificate: string; key: string }): Promise<OtlpReceiver> {
  const taken: ReceivedSpan[] = [];
  const watching = new Set<() => void>();
  const state: { manner: Manner; requests: number; headers: Record<string, unknown> } = {
    manner: 'takes',
    requests: 0,
    headers: {},
  };
  function answer(req: IncomingMessage, res: ServerResponse, body: Buffer): void {
    if (state.manner === 'hangs') return;
    if (state.manner === 'ill') return void res.writeHead(503).end();
    if (req.url !== '/v1/traces' || req.headers['content-type'] !== 'application/x-protobuf')
      return void res.writeHead(404).end();
    taken.push(...decodeTraces(body));
    res.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    for (const look of watching) look();
  }
  const take = (req: IncomingMessage, res: ServerResponse): void => {
    state.requests += 1;
    state.headers = { ...req.headers };
    if (state.manner === 'refuses') return void req.socket.destroy();
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => answer(req, res, Buffer.concat(parts)));
  };
  const server =
    tls === undefined
      ? createServer(take)
      : createTlsServer({ cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }, take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the collector listens on no port');
  return {
    url: tls === undefined ? `http://127.0.0.1:${address.port}` : `https://localhost:${address.port}`,
    behave: (manner) => {
      state.manner = manner;
    },
    spans: () => taken,
    headers: () => state.headers,
    requests: () => state.requests,
    until: (what, found) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          watching.delete(look);
          const names = taken.map(({ name }) => name).join(', ');
          reject(new Error(`${what} did not come in ${untilMs} ms; there are: ${names}`));
        }, untilMs);
        const look = (): void => {
          const result = found(taken);
          if (result === undefined) return;
          clearTimeout(timer);
          watching.delete(look);
          resolve(result);
        };
        watching.add(look);
        look();
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
