import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { reserveBatch, type BatchItem, type BatchOutcome } from '../src/store/reserve-batch.ts';
import { listByUser } from '../src/store/bookings.ts';
import { createFixture, type Fixture } from './fixture.ts';

let f: Fixture;
beforeAll(async () => {
  f = await createFixture();
});
afterAll(() => f.close());
afterEach(async () => expect(await f.broken()).toEqual([]));

const itemOf = (tierId: string, of: Partial<BatchItem> = {}): BatchItem => ({
  id: randomUUID(),
  userId: randomUUID(),
  key: randomUUID(),
  tierId,
  quantity: 1,
  ...of,
});

const batch = (eventId: string, items: readonly BatchItem[]): Promise<BatchOutcome> =>
  reserveBatch(f.database.db, eventId, 'writer', 600, randomUUID(), items);

type Spec = Parameters<Fixture['publish']>[0];
async function publish(spec: Spec = {}): Promise<{ eventId: string; tierId: string }> {
  const { eventId, tierIds } = await f.publish(spec);
  return { eventId, tierId: tierIds[0] ?? '' };
}

/** All that a batch may change of an event. */
async function stateOf(eventId: string): Promise<unknown> {
  const { rows } = await f.database.db.query(
    `select s.version, s.last_writer, (select count(*) from bookings where event_id = $1) as bookings,
            (select count(*) from outbox where key = $1::text) as messages,
            (select json_agg(i order by position) from inventory i where event_id = $1) as stock
       from event_sales s where event_id = $1`,
    [eventId],
  );
  return rows[0];
}

test('a batch takes from each tier what was asked of it, and its message says what the tables say', async () => {
  const [near, far, other] = [randomUUID(), randomUUID(), randomUUID()];
  const { eventId } = await publish({
    tiers: [
      { tier_id: near, name: 'Near', capacity: 10, price_minor: 900 },
      { tier_id: far, name: 'Far', capacity: 20, price_minor: 300 },
      { tier_id: other, name: 'Other', capacity: 5, price_minor: 0 },
    ],
  });
  const items = [itemOf(far, { quantity: 3 }), itemOf(near, { quantity: 2 }), itemOf(far, { quantity: 4 })];
  const outcome = await batch(eventId, items);
  const stock = [
    { tier_id: near, price_minor: 900, available: 8, held: 2, sold: 0, blocked: 0 },
    { tier_id: far, price_minor: 300, available: 13, held: 7, sold: 0, blocked: 0 },
    { tier_id: other, price_minor: 0, available: 5, held: 0, sold: 0, blocked: 0 },
  ];
  expect(outcome).toMatchObject({ kind: 'reserved', currency: 'INR', stock });
  const { rows: kept } = await f.database.db.query(
    `select tier_id, price_minor::integer, available, held, sold, blocked from inventory
      where event_id = $1 order by position`,
    [eventId],
  );
  expect(kept).toEqual(stock);
  const { rows: booked } = await f.database.db.query(
    `select id, tier_ids, quantities, unit_prices, total_minor, status from bookings where event_id = $1`,
    [eventId],
  );
  const row = (item: BatchItem | undefined, price: number) => ({
    id: item?.id,
    tier_ids: [item?.tierId],
    quantities: [item?.quantity],
    unit_prices: [String(price)],
    total_minor: String(price * (item?.quantity ?? 0)),
    status: 'pending',
  });
  expect(booked).toHaveLength(3);
  expect(booked).toEqual(
    expect.arrayContaining([row(items[0], 300), row(items[1], 900), row(items[2], 300)]),
  );
  const { rows: messages } = await f.database.db.query(
    `select payload from outbox where key = $1 and payload ->> 'cause' = 'reserve'`,
    [eventId],
  );
  const version = outcome.kind === 'reserved' ? outcome.version : 0;
  const payload = { event_id: eventId, version, writer: 'writer', cause: 'reserve', reservations: 3 };
  expect(messages).toEqual([{ payload: { ...payload, quantity: 9, tiers: stock } }]);
});

const unusual: [string, Spec, (tierId: string, taken: BatchItem) => BatchItem[]][] = [
  ['a key that was used before', {}, (tier, taken) => [itemOf(tier), itemOf(tier, taken)]],
  ['a tier that the event does not have', {}, (tier) => [itemOf(tier), itemOf(randomUUID())]],
  [
    'more than a tier has left',
    { capacity: 4 },
    (tier) => [1, 2, 1].map((quantity) => itemOf(tier, { quantity })),
  ],
  ['more than a booking may have', {}, (tier) => [itemOf(tier), itemOf(tier, { quantity: 11 })]],
  [
    'quantities whose sum no counter can hold',
    {},
    (tier) => [1, 2].map(() => itemOf(tier, { quantity: 2_147_483_647 })),
  ],
  [
    'more than a buyer may have',
    { max_per_buyer: 2 },
    (tier) => [itemOf(tier), itemOf(tier, { quantity: 3 })],
  ],
  [
    'a buyer who has something, under a limit',
    { max_per_buyer: 2 },
    (tier, { userId }) => [itemOf(tier, { userId })],
  ],
  [
    'a window that is shut',
    { sale: { mode: 'window', opens_at: '2000-01-01T00:00:00Z', closes_at: '2000-01-02T00:00:00Z' } },
    (tier) => [itemOf(tier)],
  ],
];

test.each(unusual)(
  'a batch with %s is left to the careful way, and nothing is written',
  async (_, spec, itemsOf) => {
    const { eventId, tierId } = await publish(spec);
    const taken = itemOf(tierId);
    if (spec?.sale === undefined) expect(await batch(eventId, [taken])).toMatchObject({ kind: 'reserved' });
    const before = await stateOf(eventId);
    expect(await batch(eventId, itemsOf(tierId, taken))).toEqual({ kind: 'slow' });
    expect(await stateOf(eventId)).toEqual(before);
  },
);

test("a buyer's list has the bookings of every segment, newest first", async () => {
  const userId = randomUUID();
  const ids = ['01', '02', '03'].map((first) => `${first}${randomUUID().slice(2)}`);
  for (const [at, id] of ids.entries()) {
    const { eventId, tierId } = await publish();
    expect((await batch(eventId, [itemOf(tierId, { id, userId }), itemOf(tierId)])).kind).toBe('reserved');
    const { rows } = await f.database.db.query<{ segment: number }>(
      'update bookings set segment = segment + $2 where id = $1 returning segment',
      [id, 2 * at],
    );
    // New bookings are in segment 1; 0 is for those from before there were segments.
    expect(rows).toEqual([{ segment: 1 + 2 * at }]);
  }
  const first = await listByUser(f.database.db, userId, null, { limit: 2, offset: 0 });
  expect(first.bookings.map((booking) => booking.id)).toEqual([ids[2], ids[1]]);
  expect(first.total).toBe(3);
  const rest = await listByUser(f.database.db, userId, 'pending', { limit: 2, offset: 2 });
  expect(rest.bookings.map((booking) => booking.id)).toEqual([ids[0]]);
  expect(await listByUser(f.database.db, userId, 'confirmed', { limit: 2, offset: 0 })).toEqual({
    bookings: [],
    total: 0,
  });
});
