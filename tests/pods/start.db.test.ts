/** How a pod starts, and does not: settings, an older schema, a database that is away, a secret that does not fit. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { testServerUrl } from '@evently/testkit/postgres';
import { startTcpProxy, type TcpProxy } from '@evently/testkit/tcp-proxy';
import { startTlsPostgres } from '@evently/testkit/tls-postgres';
import { createPodPlatform, type PodPlatform } from './pod-platform.ts';
import { mainOf, probe, runMain, startPod, until, untilReady, type PodProcess } from './pod-process.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Nothing listens on port 1, so Redis is away in all of these tests. */
async function open(): Promise<PodPlatform> {
  const platform = await createPodPlatform({ REDIS_URL: 'redis://:redis-secret@127.0.0.1:1' });
  closers.push(platform.close);
  return platform;
}

function started(pod: PodProcess): PodProcess {
  closers.push(pod.stop);
  return pod;
}

/** The run's server through a proxy that can cut it off; `url` leads through it. */
async function throughProxy(url: string): Promise<{ proxy: TcpProxy; url: string }> {
  const address = new URL(url);
  const proxy = await startTcpProxy(Number(address.port));
  closers.push(proxy.close);
  address.port = String(proxy.port);
  return { proxy, url: address.href };
}

test('wrong settings end it with all faults in sentences: no stack, no secret', async () => {
  const { settings } = await open();
  const { code, stdout, stderr } = await runMain(mainOf('booking'), [], {
    ...settings,
    BOOKING_DATABASE_URL: 'booking-secret',
    REDIS_URL: 'redis-secret',
    USER_URL: '',
    BOOKING_TICKET_SECRET: 'ticket-secret',
  });
  expect([code, stdout]).toEqual([1, '']);
  const lines = stderr.trim().split('\n');
  expect(lines[0]).toBe('The configuration has 4 fault(s):');
  expect(lines.slice(1).map((line) => /[A-Z_]+/.exec(line)?.[0])).toEqual([
    'REDIS_URL',
    'USER_URL',
    'BOOKING_DATABASE_URL',
    'BOOKING_TICKET_SECRET',
  ]);
  expect(stderr).not.toMatch(/-secret|\n\s+at /);
}, 60_000);

test('an unknown command and a wrong password are one sentence each', async () => {
  const { settings, databaseUrl } = await open();
  const unknown = await runMain(mainOf('user'), ['migrat'], settings);
  expect(unknown).toMatchObject({ code: 1, stdout: '' });
  expect(unknown.stderr).toMatch(/^"migrat" is no command of the user pod\. [^\n]*\n$/);
  const address = new URL(databaseUrl('user'));
  address.password = 'wrong-secret';
  const refused = await runMain(mainOf('user'), [], { ...settings, USER_DATABASE_URL: address.href });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /^USER_DATABASE_URL: PostgreSQL at 127\.0\.0\.1:\d+\/\w+ refuses its user[^\n]*\n$/,
  );
  const migrating = await runMain(mainOf('user'), ['migrate'], { USER_DATABASE_URL: address.href });
  expect([migrating.code, migrating.stderr]).toEqual([1, refused.stderr.replace(': correct it.', '.')]);
  expect(refused.stderr).not.toContain('wrong-secret');
}, 60_000);

test('an address that gives encryption up is refused at once, by a pod and by its migrations', async () => {
  const { settings, databaseUrl } = await open();
  const halfway = { ...settings, USER_DATABASE_URL: `${databaseUrl('user')}?sslmode=prefer` };
  for (const args of [[], ['migrate']]) {
    const { code, stderr } = await runMain(mainOf('user'), args, halfway);
    expect(code).toBe(1);
    expect(stderr).toContain('sslmode=prefer does not make sure who answers: write sslmode=verify-full');
    expect(stderr).not.toMatch(/\n\s+at /);
  }
}, 60_000);

test('migrate makes the database, says what it did, and does nothing the second time; two at once are safe', async () => {
  const { databaseUrl } = await open();
  const only = { BOOKING_DATABASE_URL: databaseUrl('booking') };
  const runs = await Promise.all([1, 2].map(() => runMain(mainOf('booking'), ['migrate'], only)));
  expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ''],
    [0, ''],
  ]);
  const said = runs.map(({ stdout }) => stdout).join('');
  expect(said.match(/: the database was made$/gm)).toHaveLength(1);
  expect(said.match(/: applied \S+-reserve-batch$/gm)).toHaveLength(1);
  expect(said.match(/: the schema is the newest/gm)).toHaveLength(2);
  const again = await runMain(mainOf('booking'), ['migrate'], only);
  expect(again.stdout).toMatch(/^127\.0\.0\.1:\d+\/pods_\w+_booking: the schema is the newest already\n$/);
}, 60_000);

test('a user who may not make the database is told what to have made', async () => {
  const role = `poor_${randomBytes(4).toString('hex')}`;
  const client = new pg.Client({ connectionString: testServerUrl('postgres') });
  await client.connect();
  closers.push(() => client.end());
  await client.query(`create role ${role} login password 'poor-secret'`);
  closers.push(() => client.query(`drop role ${role}`));
  const address = new URL(testServerUrl(`${role}_db`));
  address.username = role;
  address.password = 'poor-secret';
  const { code, stderr } = await runMain(mainOf('booking'), ['migrate'], {
    BOOKING_DATABASE_URL: address.href,
  });
  expect(code).toBe(1);
  expect(stderr).toContain(`create database ${role}_db owner ${role}`);
  expect(stderr).not.toMatch(/poor-secret|\n\s+at /);
}, 60_000);

test('a pod waits for the schema and says so, and starts when it has been migrated', async () => {
  const { settings } = await open();
  const pod = started(startPod('booking', settings));
  const waits = async (what: string): Promise<void> =>
    until(
      `it waits for ${what}`,
      20_000,
      async () => (await probe(pod, '/health/started')).body.includes(what),
      pod.said,
    );
  await waits('has to make it');
  expect((await probe(pod, '/healthz')).status).toBe(200);
  expect((await probe(pod, '/health/ready')).status).toBe(503);
  expect((await probe(pod, '/api/booking/bookings/x')).body).toContain('"code":"starting"');
  const migrated = await runMain(mainOf('booking'), ['migrate'], settings);
  expect(migrated.stderr).toBe('');
  await untilReady(pod);
  expect((await probe(pod, '/health/started')).body).toBe('{"status":"started"}');
  // The next version's pod beside a schema that lacks its last migration.
  const client = new pg.Client({ connectionString: settings['BOOKING_DATABASE_URL'] ?? '' });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    'delete from migrations where id = (select max(id) from migrations) returning name',
  );
  await client.end();
  await pod.stop();
  const next = started(startPod('booking', settings));
  const lacking = rows[0]?.name ?? 'nothing';
  await until('the missing migration is named', 20_000, async () => {
    return (await probe(next, '/health/started')).body.includes(`has to apply ${lacking}`);
  });
}, 90_000);

test('without PostgreSQL a pod is alive and not ready, at the start and later, and recovers by itself', async () => {
  const { settings, databaseUrl } = await open();
  await runMain(mainOf('user'), ['migrate'], settings);
  const { proxy, url } = await throughProxy(databaseUrl('user'));
  proxy.refuse(true);
  const pod = started(startPod('user', { ...settings, USER_DATABASE_URL: url }));
  await until('it says that PostgreSQL does not answer', 20_000, async () => {
    return (await probe(pod, '/health/started')).body.includes('does not answer');
  });
  expect((await probe(pod, '/healthz')).status).toBe(200);
  proxy.refuse(false);
  await untilReady(pod);
  proxy.refuse(true);
  await until('it is not ready', 20_000, async () => (await probe(pod, '/health/ready')).status === 503);
  expect((await probe(pod, '/healthz')).status).toBe(200);
  expect((await probe(pod, '/health/started')).status).toBe(200);
  proxy.refuse(false);
  await untilReady(pod);
}, 90_000);

test('a pod that waits too long ends with what it waited for; one that waits ends at once when it is told to', async () => {
  const { settings } = await open();
  const late = await runMain(mainOf('payment'), [], { ...settings, POD_START_SECONDS: '1' });
  expect(late.code).toBe(1);
  expect(late.stderr).toMatch(
    /^Gave up after 1 s \(POD_START_SECONDS\): the database at \S+ does not exist[^\n]*\n$/,
  );
  const waiting = started(startPod('payment', { ...settings, POD_DRAIN_SECONDS: '60' }));
  await until('it waits', 20_000, async () => (await probe(waiting, '/health/started')).status === 503);
  waiting.signal('SIGTERM');
  expect(await waiting.ended).toBe(0);
}, 60_000);

test('an issuer whose secret does not open its signing key ends with a sentence', async () => {
  const platform = await open();
  await runMain(mainOf('user'), ['migrate'], platform.settings);
  const first = await platform.start('user');
  await first.stop();
  const other = await runMain(mainOf('user'), [], {
    ...platform.settings,
    EVENTLY_LOG_LEVEL: 'silent',
    IDENTITY_SECRET: 'another secret for the issuers, long enough too',
  });
  expect(other.code).toBe(1);
  expect(other.stderr).toMatch(/^IDENTITY_SECRET does not open the signing key[^\n]*\n$/);
}, 60_000);

test('a pod starts while the issuers are away, and knows their keys when they come', async () => {
  const platform = await open();
  for (const name of ['user', 'booking'] as const)
    await runMain(mainOf(name), ['migrate'], platform.settings);
  const booking = await platform.start('booking');
  await until('it says that an issuer is away', 20_000, () =>
    booking.said().includes('the issuer did not answer with its keys'),
  );
  await platform.start('user');
  const tokens = await fetch(`${platform.urlOf('user')}/internal/load-test/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': platform.settings['EVENTLY_API_KEY'] ?? '' },
    body: JSON.stringify({ count: 1 }),
  });
  const token = /"access_token":"([^"]+)"/.exec(await tokens.text())?.[1] ?? '';
  const ask = async (): Promise<number> => {
    const answer = await fetch(`${booking.url}/api/booking/bookings/00000000-0000-7000-8000-000000000000`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await answer.body?.cancel();
    return answer.status;
  };
  await until('the token is believed', 20_000, async () => (await ask()) === 404);
}, 90_000);

test('over TLS: migrations, a pod and evently verify believe the authority that is named, and no other', async () => {
  const server = await startTlsPostgres();
  closers.push(server.stop);
  const platform = await open();
  const urlOf = (name: string, host: 'localhost' | '127.0.0.1' = 'localhost'): string => {
    const address = new URL(server.url(host));
    address.pathname = `/evently_${name}`;
    address.searchParams.set('sslmode', 'verify-full');
    return address.href;
  };
  const believing = {
    ...platform.settings,
    POSTGRES_CA_FILE: server.rightAuthority,
    BOOKING_DATABASE_URL: urlOf('booking'),
    PAYMENT_DATABASE_URL: urlOf('payment'),
  };
  for (const name of ['booking', 'payment'] as const)
    expect(await runMain(mainOf(name), ['migrate'], believing)).toMatchObject({ code: 0, stderr: '' });
  const pod = started(startPod('booking', believing));
  await untilReady(pod);
  const verify = path.join(import.meta.dirname, '..', '..', 'cli', 'src', 'main.ts');
  const verified = await runMain(verify, ['verify'], { ...believing, EVENTLY_DATA_DIR: '/nowhere' });
  expect([verified.code, verified.stderr]).toEqual([0, '']);
  expect(verified.stdout).toContain('checks hold');
  await pod.stop();
  const stranger = await runMain(mainOf('booking'), [], {
    ...believing,
    POSTGRES_CA_FILE: server.wrongAuthority,
  });
  expect(stranger.code).toBe(1);
  expect(stranger.stderr).toMatch(
    /^BOOKING_DATABASE_URL \(localhost:\d+\/evently_booking\): [^\n]*set POSTGRES_CA_FILE[^\n]*\n$/,
  );
  const misnamed = await runMain(mainOf('booking'), ['migrate'], {
    ...believing,
    BOOKING_DATABASE_URL: urlOf('booking', '127.0.0.1'),
  });
  expect([misnamed.code, misnamed.stdout]).toEqual([1, '']);
  expect(misnamed.stderr).toMatch(/^BOOKING_DATABASE_URL [^\n]*is for another host[^\n]*\n$/);
}, 120_000);
