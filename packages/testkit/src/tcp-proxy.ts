/** Stands between a client and a server on TCP: passes bytes on, late or never, and cuts connections. */
import { connect, createServer, type Socket } from 'node:net';
import { pause } from '@evently/kit/clock';

export type TcpProxy = {
  port: number;
  /** Every piece of an answer comes so much later from now on; 0 is at once. Their order stays. */
  delay: (ms: number) => void;
  /** Connections stay open and accept bytes, but nothing passes in either direction; it waits until told otherwise. */
  silence: (isSilent: boolean) => void;
  /** Ends every connection by a reset, and refuses new ones until told otherwise. */
  refuse: (isRefusing: boolean) => void;
  /** Passes on to another server from now on; connections that are open end, or stay where they are. */
  target: (port: number, open?: 'end' | 'stay') => void;
  close: () => Promise<void>;
};

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let [toPort, delayMs, refusing] = [targetPort, 0, false];
  let gate = { open: () => {}, opened: Promise.resolve() };
  const cutAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    // The other side's end says enough; a test looks at what its client makes of it.
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  };
  /** `lateMs` is asked for each piece, so that a change takes effect on connections that are open. */
  function pass(from: Socket, to: Socket, lateMs: () => number): void {
    let before = Promise.resolve();
    from.on('data', (bytes) => {
      const due = pause(lateMs());
      const earlier = before;
      before = (async () => {
        await due;
        await earlier;
        await gate.opened;
        if (to.writable) to.write(bytes);
      })();
    });
    from.once('close', () => void before.then(() => to.end()));
  }
  const server = createServer((client) => {
    if (refusing) return void client.resetAndDestroy();
    const onward = connect(toPort, '127.0.0.1');
    keep(client);
    keep(onward);
    onward.once('error', () => client.resetAndDestroy());
    pass(client, onward, () => 0);
    pass(onward, client, () => delayMs);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  return {
    port: address.port,
    delay: (ms) => {
      delayMs = ms;
    },
    silence: (isSilent) => {
      gate.open();
      if (isSilent) {
        const { promise, resolve } = Promise.withResolvers<void>();
        gate = { open: resolve, opened: promise };
      }
    },
    refuse: (isRefusing) => {
      refusing = isRefusing;
      if (isRefusing) cutAll();
    },
    target: (port, open = 'end') => {
      toPort = port;
      if (open === 'end') cutAll();
    },
    close: () => {
      gate.open();
      cutAll();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
