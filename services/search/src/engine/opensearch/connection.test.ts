import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { monotonicMs, startTicker } from '@evently/kit/clock';
import { ConfigError } from '@evently/kit/config';
import { writeTestCertificates } from '@evently/testkit/tls-files';
import { EngineAway } from '../port.ts';
import { openConnection, type OpenSearchAddress, type OpenSearchConnection } from './connection.ts';

const address: OpenSearchAddress = { urls: [], user: null, password: null, caFile: null };
const call = { method: 'POST', path: '/x/_search', body: {}, deadlineMs: 2_000 } as const;
const portOf = z.object({ port: z.int() });

const opened: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});

async function serve(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return portOf.parse(server.address()).port;
}
const answering = (answer: RequestListener): Promise<number> => serve(createServer(answer));

function connect(more: Partial<OpenSearchAddress>): OpenSearchConnection {
  const connection = openConnection({ ...address, ...more });
  opened.push(connection);
  return connection;
}

test.each([401, 403, 429, 500, 502, 503, 504])('an OpenSearch that answers %d is away', async (status) => {
  const port = await answering((_, res) => {
    res.writeHead(status, { 'content-type': 'application/json' }).end('{"error":"no","status":1}');
  });
  await expect(connect({ urls: [`http://127.0.0.1:${port}`] }).call(call)).rejects.toBeInstanceOf(EngineAway);
});

test.each([
  [401, '', null, 'set OPENSEARCH_USER and OPENSEARCH_PASSWORD'],
  [401, '', { user: 'evently', password: 'secret' }, 'it does not know evently with this password'],
  [
    403,
    'no permissions for [indices:admin/create] and User',
    null,
    'charts/evently/files/opensearch-role.yml',
  ],
  [403, 'index [x] blocked by: [FORBIDDEN/8/index write (api)]', null, 'answers 403 to POST /x/_search'],
])('a refusal with %d (%s) says what to correct, and no password', async (status, reason, user, says) => {
  const refusal = { type: 'security_exception', reason };
  const port = await answering((_, res) => {
    res
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { root_cause: [refusal], ...refusal }, status }));
  });
  const asked = connect({ urls: [`http://127.0.0.1:${port}`], ...user }).call(call);
  const failed = await asked.then(String, String);
  expect(failed).toContain(says);
  expect(failed).not.toContain('secret');
  if (!reason.startsWith('no permissions')) expect(failed).not.toContain('opensearch-role.yml');
});

test('a port that closes at once may speak TLS, which is said where the address is http://', async () => {
  const port = await answering((_, res) => void res.destroy());
  await expect(connect({ urls: [`http://127.0.0.1:${port}`] }).call(call)).rejects.toThrow(
    /begins with https:/,
  );
});

test('a refusal that says something about the question is an answer', async () => {
  const port = await answering((_, res) => {
    res
      .writeHead(404, { 'content-type': 'application/json' })
      .end('{"error":{"type":"index_not_found_exception"}}');
  });
  const answer = await connect({ urls: [`http://127.0.0.1:${port}`] }).call(call);
  expect(answer).toEqual({ status: 404, body: { error: { type: 'index_not_found_exception' } } });
});

test('nobody waits longer than the deadline, for nothing and for an answer that drips', async () => {
  const silent = await answering(() => undefined);
  const dripping = await answering((_, res) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    res.write('{');
    const drip = startTicker(20, async () => void res.write(' '));
    res.on('close', () => void drip.stop());
  });
  for (const port of [silent, dripping]) {
    const startedMs = monotonicMs();
    const asked = connect({ urls: [`http://127.0.0.1:${port}`] }).call({ ...call, deadlineMs: 300 });
    await expect(asked).rejects.toBeInstanceOf(EngineAway);
    expect(monotonicMs() - startedMs).toBeLessThan(5_000);
  }
});

test('an address where nobody listens is away', async () => {
  const port = await answering(() => undefined);
  await opened.pop()?.close();
  await expect(connect({ urls: [`http://127.0.0.1:${port}`] }).call(call)).rejects.toBeInstanceOf(EngineAway);
});

test('with TLS the authority is believed that is named, no other, and the user is told', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-tls-'));
  opened.push({ close: () => rm(folder, { recursive: true }) });
  const files = await writeTestCertificates(folder);
  const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.key)]);
  const seen: (string | undefined)[] = [];
  const server = createTlsServer({ cert, key }, (req, res) => {
    seen.push(req.headers.authorization);
    res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  const urls = [`https://localhost:${await serve(server)}`];
  const user = { user: 'evently', password: 'with:colon' };
  expect((await connect({ urls, ...user, caFile: files.rightAuthority }).call(call)).status).toBe(200);
  expect(seen).toEqual([`Basic ${Buffer.from('evently:with:colon').toString('base64')}`]);
  for (const caFile of [null, files.wrongAuthority])
    await expect(connect({ urls, ...user, caFile }).call(call)).rejects.toThrow(/OPENSEARCH_CA_FILE/);
  expect(seen).toHaveLength(1);
});

test('an address that cannot be used is named with its setting', () => {
  expect(() => openConnection(address)).toThrow(ConfigError);
  expect(() => openConnection({ ...address, urls: ['ftp://x'] })).toThrow(/OPENSEARCH_URL/);
  expect(() => openConnection({ ...address, urls: ['http://x'], caFile: '/nowhere' })).toThrow(/https/);
  expect(() => openConnection({ ...address, urls: ['https://x'], caFile: '/nowhere' })).toThrow(
    /OPENSEARCH_CA_FILE/,
  );
});
