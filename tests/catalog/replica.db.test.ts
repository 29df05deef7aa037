/** A real replica that is held back: lists and reports may be a moment old, and nothing is ever decided by them. */
import { monotonicMs } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { openDatabase, type Database } from '@evently/kit/postgres';
import { createReplicaReads } from '@evently/kit/replica';
import { startReplicatedPostgres, type ReplicatedPostgres } from '@evently/testkit/replica';
import type { TestDatabase } from '@evently/testkit/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCatalog, type Catalog } from './catalog.ts';

const log = createLogger('test', 'silent');
// Two servers are made, one after the other, on a machine that may be busy.
const startMs = 180_000;
const serverVariable = 'EVENTLY_TEST_POSTGRES_URL';
const serverOfTheRun = process.env[serverVariable];
let servers: ReplicatedPostgres;
let catalog: Catalog;
const replicas: Database[] = [];

beforeAll(async () => {
  servers = await startReplicatedPostgres();
  process.env[serverVariable] = servers.primary.url('postgres');
  const partsOf = ({ db, url }: TestDatabase, name: string) => {
    const database = new URL(url).pathname.slice(1);
    const replica = openDatabase({ url: servers.replica.url(database), name, max: 2, log });
    replicas.push(replica);
    // Held back for longer than the test takes, and still within the limit: what is shown is what the replica has.
    return {
      reads: createReplicaReads({ primary: db, replica, log, nowMs: monotonicMs, maxLagMs: 600_000 }),
    };
  };
  catalog = await createCatalog({}, ({ event, booking }) => ({
    event: partsOf(event, 'event-replica'),
    booking: partsOf(booking, 'booking-replica'),
  }));
}, startMs);
afterAll(async () => {
  await servers.resume();
  await Promise.all(replicas.map((replica) => replica.close()));
  await catalog.close();
  process.env[serverVariable] = serverOfTheRun;
  await servers.stop();
});

/** Until the replica shows everything that is committed now. */
async function untilFollowed(): Promise<void> {
  const [own] = replicas;
  if (own === undefined) throw new Error('there is a replica');
  const { rows } = await catalog.eventDatabase.db.query<{ position: string }>(
    'select pg_current_wal_lsn()::text as position',
  );
  const hasAll = async (): Promise<boolean | undefined> => {
    const asked = own.query<{ has_all: boolean }>(
      'select pg_last_wal_replay_lsn() >= $1::pg_lsn as has_all',
      [rows[0]?.position],
    );
    // The database itself may not have come yet.
    return (await asked.catch(() => null))?.rows[0]?.has_all;
  };
  await expect.poll(hasAll, { timeout: 15_000 }).toBe(true);
}

async function listedNames(query: string): Promise<unknown[]> {
  const { status, body } = await catalog.ask('GET', `/api/v1/events?${query}`);
  if (status !== 200 || !Array.isArray(body['events'])) throw new Error(`the list answered ${status}`);
  return body['events'].map((event: { name: string }) => event.name);
}
const edit = (eventId: string, version: unknown, name: string) =>
  catalog.ask('PUT', `/api/v1/admin/events/${eventId}`, { token: catalog.admin, body: { version, name } });

test('an editor sees the edit in the list at once, though the replica does not have it', async () => {
  const event = await catalog.publishEvent({ name: 'Before' });
  const eventId = String(event['event_id']);
  await untilFollowed();
  await servers.pause();
  const edited = await edit(eventId, event['version'], 'After');
  expect(edited.status).toBe(200);
  expect(await listedNames('limit=100')).toContain('After');
  expect((await catalog.ask('GET', `/api/v1/events/${eventId}`)).body['name']).toBe('After');
  const admin = await catalog.ask('GET', '/api/v1/admin/events?limit=100', { token: catalog.admin });
  expect(JSON.stringify(admin.body)).toContain('After');
  // The replica would have said otherwise.
  const { rows } = (await replicas[0]?.query('select name from events where event_id = $1', [eventId])) ?? {};
  expect(rows).toEqual([{ name: 'Before' }]);
  await servers.resume();
});

test('the version of an edit is checked against the database, not against the replica', async () => {
  const event = await catalog.publishEvent({ name: 'First' });
  const eventId = String(event['event_id']);
  await untilFollowed();
  await servers.pause();
  const second = await edit(eventId, event['version'], 'Second');
  // The replica still has the version that is stale now.
  expect((await edit(eventId, event['version'], 'Third')).status).toBe(409);
  expect((await edit(eventId, second.body['version'], 'Third')).status).toBe(200);
  await servers.resume();
});

test('a report may be a moment old; whether an event may be deleted is never asked of it', async () => {
  const event = await catalog.publishEvent({ total_capacity: 10 });
  const eventId = String(event['event_id']);
  await untilFollowed();
  await servers.pause();
  expect((await catalog.reserve(eventId, 3)).status).toBe(200);
  const analytics = (): Promise<{ body: Record<string, unknown> }> =>
    catalog.ask('GET', `/api/v1/admin/events/${eventId}/analytics`, { token: catalog.admin });
  expect((await analytics()).body).toMatchObject({ held: 0, available_seats: 10 });
  const removed = await catalog.ask('DELETE', `/api/v1/admin/events/${eventId}`, { token: catalog.admin });
  expect(removed).toMatchObject({ status: 409, body: { code: 'event_has_bookings' } });
  // Stock is booking's own word, and the seats that are left are sold by it.
  expect((await catalog.ask('GET', `/api/v1/events/${eventId}/availability`)).body['available_seats']).toBe(
    7,
  );
  expect((await catalog.reserve(eventId, 8)).status).toBe(409);
  await servers.resume();
  await untilFollowed();
  expect((await analytics()).body).toMatchObject({ held: 3, available_seats: 7 });
});
