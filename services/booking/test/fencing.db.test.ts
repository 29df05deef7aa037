import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Fence } from '../src/domain/fencing.ts';
import { writeArmed } from '../src/store/armed-sales.ts';
import { actsOf } from './buyers.ts';
import { createFixture, type Fixture } from './fixture.ts';

// Raise it for a longer search: EVENTLY_PROPERTY_RUNS=1000 make test
const runs = Number(process.env['EVENTLY_PROPERTY_RUNS'] ?? '25');
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

let first: Fixture;
let second: Fixture;
beforeAll(async () => {
  first = await createFixture();
  second = await createFixture({}, first);
  // What is stored after each change, in order: the event's lock is held while the row is written.
  await first.database.db.query(`
    create table armed_history (position bigserial primary key, event_id uuid, epoch integer, uid text, generation integer, disarmed boolean);
    create function note_armed() returns trigger language plpgsql as $$ begin
      insert into armed_history (event_id, epoch, uid, generation, disarmed)
      values (new.event_id, new.epoch, new.uid, new.generation, new.disarmed_at is not null);
      return new;
    end $$;
    create trigger note_armed after insert or update on armed_sales for each row execute function note_armed()`);
});
afterAll(async () => {
  await second.close();
  await first.close();
});
afterEach(async () => expect(await first.broken()).toEqual([]));

const managed = { mode: 'managed', opens_at: null, closes_at: null } as const;
const opensAt = new Date(Date.now() - 60_000);

type Stored = Fence & { disarmed: boolean };
async function historyOf(eventId: string): Promise<Stored[]> {
  const { rows } = await first.database.db.query<Stored>(
    'select epoch, uid, generation, disarmed from armed_history where event_id = $1 order by position',
    [eventId],
  );
  return rows;
}

/** Every step of `history` that goes back, in words. Written from the rule, not from the code that keeps it. */
function stepsBack(history: readonly Stored[]): string[] {
  const faults: string[] = [];
  let gone = new Set<string>();
  history.forEach((next, index) => {
    const before = history[index - 1];
    if (before === undefined) return;
    const step = `${JSON.stringify(before)} to ${JSON.stringify(next)}`;
    if (next.epoch < before.epoch) faults.push(`an older epoch: ${step}`);
    if (next.epoch > before.epoch) gone = new Set();
    if (next.epoch !== before.epoch) return;
    if (next.uid !== before.uid) {
      gone.add(before.uid);
      if (!before.disarmed) faults.push(`took over an armed sale: ${step}`);
      if (gone.has(next.uid)) faults.push(`came back: ${step}`);
      return;
    }
    if (next.generation < before.generation) faults.push(`an older generation: ${step}`);
    if (before.disarmed && !next.disarmed && next.generation <= before.generation)
      faults.push(`revived: ${step}`);
  });
  return faults;
}

type Command = Fence & { verb: 'PUT' | 'DELETE'; intent: 'Run' | 'Hold' | 'Stop'; lane: number };
const command: fc.Arbitrary<Command> = fc.record({
  verb: fc.constantFrom('PUT' as const, 'PUT' as const, 'DELETE' as const),
  epoch: fc.integer({ min: 1, max: 3 }),
  uid: fc.constantFrom('a', 'b', 'c'),
  generation: fc.integer({ min: 1, max: 4 }),
  intent: fc.constantFrom('Run' as const, 'Hold' as const, 'Stop' as const),
  lane: fc.nat(3),
});
const commands = fc.array(command, { minLength: 5, maxLength: 40 });

/** Four writers at once, each with its commands in order; the odd ones speak to the second process. */
async function inLanes(all: readonly Command[], give: (each: Command) => Promise<void>): Promise<void> {
  await Promise.all(
    [0, 1, 2, 3].map(async (lane) => {
      for (const each of all) if (each.lane === lane) await give(each);
    }),
  );
}

async function send(eventId: string, { verb, epoch, uid, generation, intent, lane }: Command) {
  const to = lane % 2 === 0 ? first : second;
  const path = `/internal/sales/${eventId}`;
  if (verb === 'DELETE')
    return to.internal('DELETE', `${path}?epoch=${epoch}&uid=${uid}&generation=${generation}`);
  const opens_at = opensAt.toISOString();
  return to.internal('PUT', path, { epoch, uid, generation, intent, opens_at, closes_at: null });
}

test('whatever writers do at once, what is stored never goes back, and who is stale is told what is stored', async () => {
  process.stdout.write(`fencing property: SEED=${seed}\n`);
  await fc.assert(
    fc.asyncProperty(commands, async (all) => {
      const { eventId } = await first.publish({ sale: managed });
      const told: Fence[] = [];
      await inLanes(all, async (each) => {
        const { status, body } = await send(eventId, each);
        if (status === 200) return;
        expect({ status, code: body['code'] }).toEqual({ status: 409, code: 'stale_epoch' });
        told.push({
          epoch: Number(body['epoch']),
          uid: String(body['uid']),
          generation: Number(body['generation']),
        });
      });
      const history = await historyOf(eventId);
      expect(stepsBack(history)).toEqual([]);
      const known = new Set(history.map(({ epoch, uid, generation }) => `${epoch} ${uid} ${generation}`));
      expect(told.filter((each) => !known.has(`${each.epoch} ${each.uid} ${each.generation}`))).toEqual([]);
      // Both processes say what the last write said, and a new leader is always heard.
      const last = history.at(-1);
      for (const f of [first, second]) {
        expect((await f.internal('GET', `/internal/sales/${eventId}`)).body).toMatchObject({
          epoch: last?.epoch,
          uid: last?.uid,
          generation: last?.generation,
          armed: last?.disarmed === false,
        });
      }
      const newLeader: Command = { verb: 'PUT', epoch: 4, uid: 'a', generation: 1, intent: 'Run', lane: 0 };
      expect((await send(eventId, newLeader)).status).toBe(200);
    }),
    { numRuns: runs, seed },
  );
});

test('the same writers go back when nothing holds them', async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(commands, async (all) => {
      const { eventId } = await first.publish({ sale: managed });
      await inLanes(all, ({ epoch, uid, generation, verb }) =>
        writeArmed(first.database.db, eventId, {
          epoch,
          uid,
          generation,
          opensAt,
          closesAt: null,
          intent: 'Run',
          warmLeadMs: 0,
          retired: [],
          disarmed: verb === 'DELETE',
        }),
      );
      found += stepsBack(await historyOf(eventId)).length;
      await first.database.db.query('delete from armed_sales where event_id = $1', [eventId]);
    }),
    { numRuns: 10, seed },
  );
  expect(found).toBeGreaterThan(0);
});

test('a resource that gave way to another cannot come back late, and a later word to disarm counts', async () => {
  const { eventId } = await first.publish({ sale: managed });
  const say = async (verb: 'PUT' | 'DELETE', uid: string, generation: number, epoch = 1) =>
    (await send(eventId, { verb, epoch, uid, generation, intent: 'Run', lane: 1 })).status;
  expect(await say('PUT', 'a', 1)).toBe(200);
  expect(await say('DELETE', 'a', 2)).toBe(200);
  expect(await say('PUT', 'b', 1)).toBe(200);
  expect(await say('DELETE', 'b', 2)).toBe(200);
  // The first one's command, delayed on its way past both deletions.
  expect(await say('PUT', 'a', 3)).toBe(409);
  expect(await say('DELETE', 'b', 5)).toBe(200);
  expect(await say('PUT', 'b', 4)).toBe(409);
  expect(await say('PUT', 'b', 6)).toBe(200);
  expect(await say('PUT', 'a', 3, 2)).toBe(200);
});

test('the same command again changes nothing and costs no version', async () => {
  const { eventId } = await first.publish({ sale: managed });
  const put: Command = { verb: 'PUT', epoch: 1, uid: 'a', generation: 1, intent: 'Run', lane: 0 };
  await send(eventId, put);
  const version = async () =>
    (await first.database.db.query('select version from event_sales where event_id = $1', [eventId])).rows;
  const before = await version();
  for (const lane of [0, 1]) expect((await send(eventId, { ...put, lane })).status).toBe(200);
  expect(await version()).toEqual(before);
  expect(await historyOf(eventId)).toHaveLength(1);
});

test('arming, stopping and deleting a sale touches no booking, no counter and no ticket', async () => {
  const acts = actsOf(first);
  const { eventId } = await first.publish({ sale: managed, capacity: 10 });
  const say = (verb: 'PUT' | 'DELETE', generation: number, intent: Command['intent'] = 'Run') =>
    send(eventId, { verb, epoch: 1, uid: 'a', generation, intent, lane: 1 });
  await say('PUT', 1);
  const who = await acts.buyer();
  const [paid, held] = [await acts.reserve(eventId, who, 2), await acts.reserve(eventId, who, 3)];
  await acts.confirm(paid, who);
  const kept = async () => {
    const { rows } = await first.database.db.query(
      `select (select json_agg(b order by b.id) from bookings b where b.event_id = $1) as bookings,
              (select json_agg(i) from inventory i where i.event_id = $1) as tiers,
              (select json_agg(t order by t.number) from tickets t where t.event_id = $1) as tickets`,
      [eventId],
    );
    return rows;
  };
  const before = await kept();
  for (const intent of ['Hold', 'Stop', 'Run'] as const) await say('PUT', 2, intent);
  await say('DELETE', 3);
  expect(await kept()).toEqual(before);
  expect((await first.internal('GET', `/internal/sales/${eventId}`)).body).toMatchObject({
    armed: false,
    held: 3,
    sold: 2,
    available: 5,
  });
  // Who held seats may still pay for them.
  expect((await acts.confirm(held, who)).status).toBe(200);
});
