import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '@evently/kit/log';
import { requireEngine } from '@evently/testkit/engines/engine';
import { freePort } from '@evently/testkit/engines/kube-processes';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess, type RedisProcess } from '@evently/testkit/engines/redis-server';
import { writeTestCertificates, type TestCertificates } from '@evently/testkit/tls-files';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRedis } from './connection.ts';

let redis: RedisProcess;
let folder: string;
let certificates: TestCertificates;
let tlsPort = 0;
const logs: string[] = [];
const log = createLogger('test', 'info', { write: (line: string) => void logs.push(line) });
beforeEach(async ({ skip }) => {
  const program = await requireEngine(redisServer, skip);
  logs.length = 0;
  folder = await mkdtemp(path.join(tmpdir(), 'evently-redis-tls-'));
  certificates = await writeTestCertificates(folder);
  tlsPort = await freePort();
  const { certificate, key, rightAuthority } = certificates;
  redis = await startRedisProcess({
    program,
    flags: Object.entries({
      'tls-port': String(tlsPort),
      'tls-cert-file': certificate,
      'tls-key-file': key,
      'tls-ca-cert-file': rightAuthority,
      'tls-auth-clients': 'no',
    }).flatMap(([name, value]) => [`--${name}`, value]),
  });
});
afterEach(async () => {
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the log says of a connection that must not come about. */
async function refusalOf(url: string, caFile?: string): Promise<string> {
  const connection = openRedis({ url, name: 'test', log, ...(caFile === undefined ? {} : { caFile }) });
  try {
    await expect.poll(() => logs.join(), { timeout: 10_000 }).toContain('Redis is away');
    expect(connection.isUp()).toBe(false);
    await expect(connection.client.ping()).rejects.toThrow();
    return logs.join();
  } finally {
    await connection.close();
  }
}

test('with the right authority and the right name the connection is there, and encrypted', async () => {
  const connection = openRedis({
    url: `rediss://localhost:${tlsPort}`,
    caFile: certificates.rightAuthority,
    name: 'test',
    log,
  });
  await expect.poll(connection.isUp, { timeout: 10_000 }).toBe(true);
  expect(await connection.client.ping()).toBe('PONG');
  await connection.close();
});

test('another authority, or none, is refused with what to do', async () => {
  for (const caFile of [certificates.wrongAuthority, undefined]) {
    logs.length = 0;
    const says = await refusalOf(`rediss://localhost:${tlsPort}`, caFile);
    expect(says).toMatch(/authority that is not believed here .*set REDIS_CA_FILE/);
  }
});

test('a certificate for another host is refused with what to do', async () => {
  const says = await refusalOf(`rediss://127.0.0.1:${tlsPort}`, certificates.rightAuthority);
  expect(says).toMatch(/for another host .*connect by a name that it has/);
});

test('a port without TLS is refused, and is not spoken to in the clear', async () => {
  const says = await refusalOf(`rediss://localhost:${redis.port}`, certificates.rightAuthority);
  expect(says).toMatch(/no handshake in time; is this the port of TLS\?/);
});

test('an authority beside an address without TLS, or one that cannot be read, is a fault of the settings', () => {
  const opening = (url: string, caFile: string) => () => openRedis({ url, caFile, name: 'test', log });
  expect(opening(redis.url, certificates.rightAuthority)).toThrow('write rediss:// and the port of TLS');
  expect(opening('rediss://localhost', '/does/not/exist.pem')).toThrow('REDIS_CA_FILE: /does/not/exist.pem');
  expect(opening('http://localhost', certificates.rightAuthority)).toThrow('must begin with redis://');
});

test('who leaves in the middle of a handshake that would be refused leaves quietly', async () => {
  const alerts: string[] = [];
  // The server's alert is often, not always, there before the socket is gone.
  for (let attempt = 1; attempt <= 100 && alerts.length < 3; attempt += 1) {
    const { client, close } = openRedis({
      url: `rediss://localhost:${tlsPort}`,
      caFile: certificates.wrongAuthority,
      name: 'test',
      log,
    });
    await expect.poll(() => client.stream, { timeout: 10_000, interval: 1 }).toBeDefined();
    const ended = new Promise((resolve) => void client.stream.once('close', resolve));
    // Node tells by it of each fault of TLS; an error that nobody hears fails the run by itself.
    client.stream.on('_tlsError', ({ message }: Error) => alerts.push(message));
    await close();
    await ended;
  }
  expect(alerts.join()).toContain('alert');
});
