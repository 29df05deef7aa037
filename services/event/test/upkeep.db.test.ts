import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createLogger } from '@evently/kit/log';
import { systemClock } from '@evently/kit/clock';
import { createCaller } from '@evently/kit/caller';
import { createRelay } from '@evently/kit/outbox';
import { createBookingPort } from '../src/actions/ask-booking.ts';
import { runUpkeep } from '../src/jobs/upkeep.ts';
import {
  apiKey,
  createEventServiceUnderTest,
  inHours,
  makeEvent,
  publishEvent,
  send,
  type EventServiceUnderTest,
} from './event-service.ts';

let under: EventServiceUnderTest;
beforeAll(async () => {
  under = await createEventServiceUnderTest();
  // What the in-process bus would hand to booking.
  under.bus.subscribe('event', 'pretend-booking', async ({ key, payload }) => {
    const { spec } = Object.fromEntries(Object.entries(payload ?? {}));
    await under.booking.fetch(
      new Request(`http://booking/internal/inventory/${key}`, { method: 'PUT', body: JSON.stringify(spec) }),
    );
  });
});
afterAll(() => under.close());
beforeEach(() => {
  under.booking.state.away = false;
});

const log = createLogger('test', 'silent');
function upkeep(): Promise<{ completed: number; repaired: number }> {
  const caller = createCaller({
    baseUrl: 'http://booking',
    apiKey,
    fetch: under.booking.fetch,
    deadlineMs: 500,
  });
  const booking = createBookingPort(caller, log);
  return runUpkeep({ db: under.database.db, clock: systemClock, booking, changed: () => undefined, log });
}
async function deliver(): Promise<void> {
  const relay = createRelay({ db: under.database.db, bus: under.bus, log });
  relay.start();
  await relay.stop();
}
/** As if the last edit had been a minute ago. */
async function letTimePass(): Promise<void> {
  await under.database.db.query(`update events set updated_at = updated_at - interval '1 minute'`);
}
const read = (id: string) =>
  send(under, 'GET', `/api/v1/admin/events/${id}`, undefined, { token: under.admin });

test('a published event whose end has passed is completed once, and booking is told', async () => {
  const event = await makeEvent(under);
  await publishEvent(under, event.event_id);
  expect(await upkeep()).toMatchObject({ completed: 0 });
  await under.database.db.query(
    `update events set starts_at = now() - interval '3 hours', ends_at = now() - interval '1 second' where event_id = $1`,
    [event.event_id],
  );
  const rounds = await Promise.all([upkeep(), upkeep()]);
  expect(rounds.reduce((sum, round) => sum + round.completed, 0)).toBe(1);
  expect((await read(event.event_id)).body).toMatchObject({ status: 'completed', version: 3 });
  await deliver();
  expect(under.booking.specs.get(event.event_id)).toMatchObject({ status: 'completed', catalog_version: 3 });
});

test('a draft that is over stays a draft', async () => {
  const event = await makeEvent(under, { start_datetime: inHours(-3), end_datetime: inHours(-1) });
  expect(await upkeep()).toMatchObject({ completed: 0 });
  expect((await read(event.event_id)).body).toMatchObject({ status: 'draft' });
});

test('an edit that booking applied and the catalog lost is put right by the next comparison', async () => {
  const event = await makeEvent(under);
  await publishEvent(under, event.event_id);
  const kept = under.booking.specs.get(event.event_id);
  if (kept === undefined) throw new Error('the publishing was not pushed');
  // A process asked booking for version 3 and died before its commit; the revision is taken.
  const { rows } = await under.database.db.query<{ revision: string }>(
    `select nextval('inventory_revision') as revision`,
  );
  const lost = { ...kept, revision: Number(rows[0]?.revision), catalog_version: 3, name: 'Never committed' };
  under.booking.specs.set(event.event_id, lost);
  expect(await upkeep()).toMatchObject({ repaired: 0 });
  await letTimePass();
  expect(await upkeep()).toMatchObject({ repaired: 1 });
  await deliver();
  expect(under.booking.specs.get(event.event_id)).toMatchObject({ catalog_version: 2, name: kept.name });
  await letTimePass();
  expect(await upkeep()).toMatchObject({ repaired: 0 });
});

test('a publishing that booking applied and the catalog lost sells nothing afterwards', async () => {
  const published = await makeEvent(under);
  await publishEvent(under, published.event_id);
  const draft = await makeEvent(under);
  const spec = under.booking.specs.get(published.event_id);
  if (spec === undefined) throw new Error('the publishing was not pushed');
  under.booking.specs.set(draft.event_id, { ...spec, revision: 1, catalog_version: 2 });
  await letTimePass();
  expect(await upkeep()).toMatchObject({ repaired: 1 });
  await deliver();
  expect(under.booking.specs.get(draft.event_id)).toMatchObject({ status: 'cancelled', catalog_version: 1 });
  await letTimePass();
  expect(await upkeep()).toMatchObject({ repaired: 0 });
  // And it can be published for good.
  await publishEvent(under, draft.event_id);
  expect(under.booking.specs.get(draft.event_id)).toMatchObject({ status: 'published', catalog_version: 2 });
});

test('while booking is away nothing is compared and nothing is written', async () => {
  await letTimePass();
  under.booking.state.away = true;
  under.booking.specs.clear();
  expect(await upkeep()).toMatchObject({ repaired: 0 });
});
