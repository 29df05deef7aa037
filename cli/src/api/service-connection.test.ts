/** Commands for operators tell what a service refuses, and how another one is named. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createClient, type Client } from './client.ts';
import { connectToService } from './service-connection.ts';

const any = z.unknown();
const check = { method: 'GET', path: '/internal/search/check' };

/** Counts what it refuses with 503, to be asked again at once. */
async function withRefusingService(work: (url: string, asked: () => number) => Promise<void>): Promise<void> {
  let asked = 0;
  const server = createServer((_, res) => {
    asked += 1;
    res.writeHead(503, { 'content-type': 'application/json', 'retry-after': '0' });
    res.end(JSON.stringify({ error: 'The reason: a wrong password' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the service has no port');
  try {
    await work(`http://127.0.0.1:${address.port}`, () => asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const connect = async (serviceUrl: string): Promise<Client> =>
  (await connectToService('search', { serviceUrl, apiKey: 'key' })).client;

test('a service that is not ready is told at once with its reason; a drill asks it again', async () => {
  await withRefusingService(async (url, asked) => {
    await expect((await connect(url)).ask(any, check)).rejects.toThrow(
      `answered 503: The reason: a wrong password`,
    );
    expect(asked()).toBe(1);
    await expect(createClient(url).ask(any, check)).rejects.toThrow('answered 503');
    expect(asked()).toBeGreaterThan(2);
  });
});

test('who names no service that answers is told by which option', async () => {
  await expect((await connect('nowhere')).ask(any, check)).rejects.toThrow(
    / name another with --service-url\./,
  );
  await expect(createClient('nowhere').ask(any, check)).rejects.toThrow(/ name another with --url\./);
});
