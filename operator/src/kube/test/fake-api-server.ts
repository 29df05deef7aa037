/** An API server of one kind of objects on loopback that makes the mistakes it is told to make; for tests only. */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export type StoredObject = {
  apiVersion: 'v1';
  kind: 'ConfigMap';
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion: string;
    creationTimestamp: string;
  };
  data: Record<string, string>;
};
export type SeenRequest = {
  verb: 'list' | 'watch' | 'get' | 'write';
  method: string;
  url: URL;
  headers: http.IncomingHttpHeaders;
  body: string;
};
/** What happens instead of the right answer. `hang` never answers; `reset` cuts the connection. */
export type Fault =
  | { kind: 'status'; status: number; reason?: string; headers?: Record<string, string> }
  | { kind: 'text'; status: number; text: string }
  | { kind: 'reset' | 'hang' | 'close' };
export type OpenWatch = {
  query: URLSearchParams;
  /** One line as it is. */
  sendLine: (line: string) => void;
  send: (type: string, object: unknown) => void;
  close: () => void;
  reset: () => void;
};
export type FakeApiServer = {
  url: string;
  seen: SeenRequest[];
  count: (verb: SeenRequest['verb']) => number;
  connections: () => number;
  watches: () => OpenWatch[];
  /** Decides for each request; null answers as a real one would. */
  decide: (fault: (request: SeenRequest) => Fault | null) => void;
  put: (name: string, data?: Record<string, string>) => StoredObject;
  remove: (name: string) => void;
  /** Forgets an object or an event without telling any watch. */
  removeQuietly: (name: string) => void;
  /** Writes of other kinds raise the version too. */
  version: () => string;
  raiseVersion: (to: number) => void;
  /** Watches from before this version are answered 410, as after a compaction. */
  compact: () => void;
  close: () => Promise<void>;
};

export const path = '/api/v1/namespaces/shop/configmaps';

export async function startFakeApiServer(tls?: { key: string; cert: string }): Promise<FakeApiServer> {
  const objects = new Map<string, StoredObject>();
  const history: { version: number; type: string; object: StoredObject }[] = [];
  const watches = new Set<OpenWatch>();
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let version = 10;
  let compacted = 0;
  let fault: (request: SeenRequest) => Fault | null = () => null;

  const server = tls === undefined ? http.createServer() : https.createServer(tls);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {}); // A cut connection is often what is tried.
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    void bodyOf(request).then((body) => answer(request, body, response));
  });

  function answer(request: http.IncomingMessage, body: string, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://fake');
    const method = request.method ?? 'GET';
    const asked: SeenRequest = { verb: verbOf(method, url), method, url, headers: request.headers, body };
    seen.push(asked);
    const wrong = fault(asked);
    if (wrong !== null) return answerWrongly(wrong, response);
    switch (asked.verb) {
      case 'watch':
        return openWatch(url, response);
      case 'list':
        return answerList(url, response);
      case 'get':
      case 'write': {
        const object = objects.get(url.pathname.split('/').at(-1) ?? '');
        if (object === undefined) return answerStatus(response, 404, 'NotFound');
        return answerJson(response, 200, object);
      }
    }
  }

  function answerList(url: URL, response: http.ServerResponse): void {
    const limit = Number(url.searchParams.get('limit') ?? Number.MAX_SAFE_INTEGER);
    const from = Number(url.searchParams.get('continue') ?? 0);
    const all = [...objects.values()];
    const next = from + limit < all.length ? { continue: String(from + limit) } : {};
    const metadata = { resourceVersion: String(version), ...next };
    const items = all.slice(from, from + limit);
    answerJson(response, 200, { apiVersion: 'v1', kind: 'ConfigMapList', metadata, items });
  }

  function openWatch(url: URL, response: http.ServerResponse): void {
    const since = Number(url.searchParams.get('resourceVersion') ?? 0);
    if (since < compacted) return answerStatus(response, 410, 'Expired');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watch: OpenWatch = {
      query: url.searchParams,
      sendLine: (line) => void response.write(`${line}\n`),
      send: (type, object) => void response.write(`${JSON.stringify({ type, object })}\n`),
      close: () => void response.end(),
      reset: () => void response.socket?.resetAndDestroy(),
    };
    watches.add(watch);
    response.on('close', () => watches.delete(watch));
    for (const past of history) if (past.version > since) watch.send(past.type, past.object);
  }

  function tell(type: string, object: StoredObject): void {
    history.push({ version, type, object });
    for (const watch of watches) watch.send(type, object);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (!isAddress(address)) throw new Error('the fake API server has no port');
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    seen,
    count: (verb) => seen.filter((one) => one.verb === verb).length,
    connections: () => connections,
    watches: () => [...watches],
    decide: (decision) => {
      fault = decision;
    },
    put: (name, data = {}) => {
      version += 1;
      const uid = objects.get(name)?.metadata.uid ?? `uid-${name}-${version}`;
      const object = configMap(name, uid, version, data);
      const type = objects.has(name) ? 'MODIFIED' : 'ADDED';
      objects.set(name, object);
      tell(type, object);
      return object;
    },
    remove: (name) => {
      const object = objects.get(name);
      if (object === undefined) throw new Error(`there is no ${name}`);
      version += 1;
      objects.delete(name);
      tell('DELETED', configMap(name, object.metadata.uid, version, object.data));
    },
    removeQuietly: (name) => {
      version += 1;
      objects.delete(name);
    },
    version: () => String(version),
    raiseVersion: (to) => {
      version = to;
    },
    compact: () => {
      compacted = version;
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

export function configMap(
  name: string,
  uid: string,
  version: number,
  data: Record<string, string>,
): StoredObject {
  const creationTimestamp = '2026-11-20T18:00:00Z';
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'shop', uid, resourceVersion: String(version), creationTimestamp },
    data,
  };
}

/** The fault `times` times, for requests of `verb`; then answers as a real one would. */
export function failing(
  verb: SeenRequest['verb'],
  times: number,
  fault: Fault,
): (request: SeenRequest) => Fault | null {
  let left = times;
  return (request) => {
    if (request.verb !== verb || left === 0) return null;
    left -= 1;
    return fault;
  };
}

function answerWrongly(fault: Fault, response: http.ServerResponse): void {
  switch (fault.kind) {
    case 'status':
      return answerStatus(response, fault.status, fault.reason ?? 'Faulty', fault.headers);
    case 'text':
      response.writeHead(fault.status, { 'content-type': 'text/html' });
      return void response.end(fault.text);
    case 'reset':
      return void response.socket?.resetAndDestroy();
    case 'close':
      response.writeHead(200, { 'content-type': 'application/json' });
      return void response.end();
    case 'hang':
      return;
  }
}

function answerStatus(
  response: http.ServerResponse,
  code: number,
  reason: string,
  headers: Record<string, string> = {},
): void {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message: `said ${reason}`,
  };
  answerJson(response, code, status, headers);
}

function answerJson(
  response: http.ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function verbOf(method: string, url: URL): SeenRequest['verb'] {
  if (method !== 'GET') return 'write';
  if (url.searchParams.get('watch') === 'true') return 'watch';
  return url.pathname === path ? 'list' : 'get';
}

async function bodyOf(request: http.IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
