import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Message } from '@evently/kit/bus';
import { actsOf, type Acts, type Buyer } from './buyers.ts';
import { createFixture, specOf, type Fixture } from './fixture.ts';

let f: Fixture;
let acts: Acts;
beforeAll(async () => {
  f = await createFixture();
  acts = actsOf(f);
});
afterAll(() => f.close());
afterEach(async () => expect(await f.broken()).toEqual([]));

type Reserved = { id: string; who: Buyer; eventId: string };

async function reserved(eventId: string): Promise<Reserved> {
  const who = await acts.buyer();
  return { id: await acts.reserve(eventId, who), who, eventId };
}
const statusOf = async ({ id, who }: Reserved): Promise<unknown> => (await acts.look(id, who))['status'];

function messageOf(topic: string, key: string, type: string, payload: Record<string, unknown>): Message {
  return { id: randomUUID(), topic, key, type, payload, createdAt: new Date(), attempt: 1 };
}
function paid({ id, eventId }: Reserved, more: Record<string, unknown> = {}): Message {
  return messageOf('payment', id, 'payment.settled', {
    payment_id: randomUUID(),
    booking_id: id,
    event_id: eventId,
    attempt: 1,
    status: 'succeeded',
    transaction_id: 't',
    amount_minor: 49_950,
    currency: 'INR',
    ...more,
  });
}

/** The changes of stock since a position of the outbox, as "event commit", each a version of its own. */
async function changesSince(position: number): Promise<{ key: string; commit: string }[]> {
  const { rows } = await f.database.db.query<{ key: string; commit: string }>(
    `select key, xmin::text as commit from outbox
      where position > $1 and type = 'booking.stock_changed' order by position`,
    [position],
  );
  return rows;
}
async function lastPosition(): Promise<number> {
  const { rows } = await f.database.db.query<{ last: number }>(
    'select max(position)::int as last from outbox',
  );
  return rows[0]?.last ?? 0;
}

test('payments that are settled in one batch are one change of each event, and no commit touches two', async () => {
  const [{ eventId: one }, { eventId: other }] = [await f.publish(), await f.publish()];
  const bookings: Reserved[] = [];
  for (const eventId of [one, other, one, other, one]) bookings.push(await reserved(eventId));
  const before = await lastPosition();
  const messages = bookings.map((booking) => paid(booking));
  const { handled, failed } = await f.bus.publishBatch([...messages, ...messages]);
  expect([handled.size, failed.size]).toEqual([5, 0]);
  expect(await Promise.all(bookings.map(statusOf))).toEqual(Array.from({ length: 5 }, () => 'confirmed'));
  const changes = await changesSince(before);
  expect(changes.map(({ key }) => key)).toEqual([one, other]);
  expect(new Set(changes.map(({ commit }) => commit)).size).toBe(2);
  // What was handled before changes nothing when it comes again.
  await f.bus.publishBatch(messages);
  expect(await changesSince(before)).toEqual(changes);
});

test('a settlement that cannot be read fails alone; the others of its event and batch are carried out', async () => {
  const { eventId } = await f.publish();
  const first = await reserved(eventId);
  const bad = await reserved(eventId);
  const last = await reserved(eventId);
  const unreadable = paid(bad, { status: 'perhaps' });
  const held = paid(bad);
  const { handled, failed } = await f.bus.publishBatch([paid(first), unreadable, held, paid(last)]);
  expect([handled.size, [...failed.keys()]]).toEqual([2, [unreadable.id]]);
  expect(await Promise.all([first, bad, last].map(statusOf))).toEqual(['confirmed', 'pending', 'confirmed']);
});

test('a message of a booking that speaks of another event does not join two events in one change', async () => {
  const [{ eventId: one }, { eventId: other }] = [await f.publish(), await f.publish()];
  const booking = await reserved(one);
  const before = await lastPosition();
  const { handled } = await f.bus.publishBatch([paid(booking), paid({ ...booking, eventId: other })]);
  expect(handled.size).toBe(2);
  expect(await statusOf(booking)).toBe('confirmed');
  expect((await changesSince(before)).map(({ key }) => key)).toEqual([one]);
});

test('of several late words of the catalog on an event only the newest is carried out, in any order', async () => {
  const spec = { ...specOf(3, 1), waitlist: 'off' as const };
  const [general] = spec.tiers;
  const { eventId } = await f.publish(spec);
  const before = await lastPosition();
  const said = [1_001, 1_003, 1_002].map((revision) =>
    messageOf('event', eventId, 'event.inventory_changed', {
      event_id: eventId,
      spec: { ...spec, revision, tiers: [{ ...general, capacity: revision }] },
    }),
  );
  await f.bus.publishBatch(said);
  expect(await acts.left(eventId)).toBe(1_003);
  expect(await changesSince(before)).toHaveLength(1);
});
