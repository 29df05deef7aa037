import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from './kube-processes.ts';

test('a port is given to one test only, also before anything listens on it', async () => {
  const ports = await Promise.all(Array.from({ length: 100 }, freePort));
  expect(new Set(ports).size).toBe(100);
  for (const port of ports) expect([port, await claimOf(port)]).toEqual([port, 'EADDRINUSE']);
  expect(await connectionTo(ports[0] ?? 0)).toBe('ECONNREFUSED');
});

/** What another process would be told, which has the same question first. */
function claimOf(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const claim = createSocket('udp4');
    claim.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    claim.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      claim.close();
      resolve(undefined);
    });
  });
}

function connectionTo(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve('connected'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}
