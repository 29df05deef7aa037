/** Stands between the operator and booking: counts every call, and answers some of them itself. */
import { createServer, request } from 'node:http';
import { addressOf } from './pod-router.ts';

export type BookingCall = { method: string; path: string; atMs: number };
/** An answer in place of booking's; `reset` ends the connection without one, `silent` never answers. */
export type BookingFault = { status: number; body: unknown } | 'reset' | 'silent' | null;

export type BookingProxy = {
  url: string;
  /** Asked of every call, from now on. */
  setFault: (choose: (call: BookingCall) => BookingFault) => void;
  calls: () => readonly BookingCall[];
  close: () => Promise<void>;
};

export async function startBookingProxy(upstream: string): Promise<BookingProxy> {
  const calls: BookingCall[] = [];
  let faultOf: (call: BookingCall) => BookingFault = () => null;
  const server = createServer((req, res) => {
    const call = { method: req.method ?? 'GET', path: req.url ?? '/', atMs: Date.now() };
    calls.push(call);
    const fault = faultOf(call);
    if (fault === 'reset') return void req.socket.destroy();
    if (fault === 'silent') return;
    if (fault !== null) {
      res.writeHead(fault.status, { 'content-type': 'application/problem+json' });
      return void res.end(JSON.stringify(fault.body));
    }
    const { host: _host, connection: _connection, ...headers } = req.headers;
    const onward = request(`${upstream}${call.path}`, { method: call.method, headers }, (answer) => {
      const { connection: _ours, 'transfer-encoding': _encoding, ...rest } = answer.headers;
      res.writeHead(answer.statusCode ?? 502, rest);
      answer.pipe(res);
      answer.on('error', () => res.destroy());
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${addressOf(server.address()).port}`,
    setFault: (choose) => {
      faultOf = choose;
    },
    calls: () => calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
