/** Leads `/pods/{name}/...` to the real booking process that stands for the fake pod of this name. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type PodRouter = {
  /** For the operator's OPERATOR_POD_URL. */
  template: string;
  /** Calls so far, by pod. */
  calls: () => ReadonlyMap<string, number>;
  /** Pods that answer 503 from now on, as one that hangs in its start. */
  break: (isBroken: (pod: string) => boolean) => void;
  close: () => Promise<void>;
};

const callMs = 30_000;

/** The first pods get a process each, in the order in which they are first asked; later ones share. */
export async function startPodRouter(urls: readonly string[]): Promise<PodRouter> {
  const places = new Map<string, string>();
  const calls = new Map<string, number>();
  let isBroken = (_pod: string): boolean => false;
  const server = createServer((req, res) => {
    const [, pod = '', rest = '/'] = /^\/pods\/([^/]+)(\/.*)$/.exec(req.url ?? '') ?? [];
    calls.set(pod, (calls.get(pod) ?? 0) + 1);
    if (pod === '' || isBroken(pod)) return void res.writeHead(503).end();
    const place = places.get(pod) ?? urls[places.size % urls.length] ?? '';
    places.set(pod, place);
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const { host: _host, connection: _connection, ...headers } = req.headers;
      const body = chunks.length === 0 ? null : Buffer.concat(chunks);
      const method = req.method ?? 'GET';
      const flat = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, String(value)]],
      );
      fetch(`${place}${rest}`, { method, headers: flat, body, signal: AbortSignal.timeout(callMs) })
        .then(async (answer) => {
          const text = await answer.text();
          res.writeHead(answer.status, {
            'content-type': answer.headers.get('content-type') ?? 'text/plain',
          });
          res.end(text);
        })
        .catch((error: unknown) => res.writeHead(502).end(String(error)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = addressOf(server.address());
  return {
    template: `http://127.0.0.1:${port}/pods/{name}`,
    calls: () => calls,
    break: (choose) => {
      isBroken = choose;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address;
}
