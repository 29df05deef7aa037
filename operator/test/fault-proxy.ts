/** Stands between the operator and the API server: counts every call, and answers some of them itself. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { ControlPlane } from '@evently/testkit/engines/kube';
import { addressOf } from './pod-router.ts';

/** `verb` as RBAC knows it: a GET of a collection is `list`, or `watch`. */
export type ProxiedCall = { method: string; verb: string; path: string; atMs: number };
/**
 * An answer in place of the API server's; `reset` ends the connection without one, `silent` never answers, and
 * `inStream` is a watch that begins well and then says an ERROR of this code.
 */
export type Fault =
  { status: number; retryAfterSeconds?: number } | { inStream: number } | 'reset' | 'silent' | null;

export type FaultProxy = {
  server: string;
  /** Asked of every call, from now on. */
  setFault: (choose: (call: ProxiedCall) => Fault) => void;
  calls: () => readonly ProxiedCall[];
  /** Calls in the last `ms`. */
  callsWithin: (ms: number) => number;
  /** Whether every watch, also one that is open now, is held back: it stays open, and no byte of it comes. */
  holdWatches: (isHeld: boolean) => void;
  /** Ends every connection that is open now, watches included. */
  resetAll: () => void;
  close: () => Promise<void>;
};

export async function startFaultProxy(plane: ControlPlane): Promise<FaultProxy> {
  const calls: ProxiedCall[] = [];
  let faultOf: (call: ProxiedCall) => Fault = () => null;
  const watches = new Map<IncomingMessage, ServerResponse>();
  let holds = false;
  const agent = new Agent({ keepAlive: true, ca: plane.caCertificate });
  const { certificate, key } = plane.authority.issue({ commonName: 'fault-proxy', names: ['127.0.0.1'] });
  const server = createServer({ cert: certificate, key }, (req, res) => {
    const [method, path] = [req.method ?? 'GET', req.url ?? '/'];
    const call = { method, path, verb: verbOf(method, path), atMs: Date.now() };
    calls.push(call);
    const fault = faultOf(call);
    if (fault === 'reset') return void req.socket.destroy();
    if (fault === 'silent') return;
    if (fault !== null && 'inStream' in fault) {
      res.writeHead(200, { 'content-type': 'application/json' });
      return void res.end(`${JSON.stringify({ type: 'ERROR', object: statusOf(fault.inStream) })}\n`);
    }
    if (fault !== null) {
      const { status, retryAfterSeconds } = fault;
      res.writeHead(status, {
        'content-type': 'application/json',
        ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
      });
      return void res.end(JSON.stringify(statusOf(status)));
    }
    const { host: _host, connection: _connection, ...headers } = req.headers;
    const onward = request(`${plane.server}${path}`, { method, headers, agent }, (answer) => {
      const { connection: _ours, 'transfer-encoding': _encoding, ...rest } = answer.headers;
      res.writeHead(answer.statusCode ?? 502, rest);
      // The head of a watch must not wait for its first event.
      res.flushHeaders();
      if (call.verb === 'watch') {
        watches.set(answer, res);
        res.on('close', () => watches.delete(answer));
      }
      if (call.verb !== 'watch' || !holds) answer.pipe(res);
      answer.on('error', () => res.destroy());
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server: `https://127.0.0.1:${addressOf(server.address()).port}`,
    setFault: (choose) => {
      faultOf = choose;
    },
    calls: () => calls,
    callsWithin: (ms) => calls.filter(({ atMs }) => atMs > Date.now() - ms).length,
    holdWatches: (isHeld) => {
      holds = isHeld;
      for (const [answer, res] of watches) {
        if (isHeld) answer.unpipe(res);
        else answer.pipe(res);
      }
    },
    resetAll: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        agent.destroy();
      }),
  };
}

function statusOf(code: number): Record<string, unknown> {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message: 'answered by a test' };
}

/** Whether the path names one object, and not a collection. */
function isNamed(path: string): boolean {
  const [first, ...parts] = path.replace(/\?.*$/, '').split('/').slice(1);
  const rest = parts.slice(first === 'api' ? 1 : 2);
  const isInNamespace = rest[0] === 'namespaces' && rest.length > 2;
  return rest.length >= (isInNamespace ? 4 : 2);
}

function verbOf(method: string, path: string): string {
  switch (method) {
    case 'GET':
      if (/[?&]watch=(true|1)/.test(path)) return 'watch';
      return isNamed(path) ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    default:
      return method.toLowerCase();
  }
}
