import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksumOf, eventDocumentChanged, listedDocuments } from '@evently/contracts/search';
import {
  apiKey,
  createEventServiceUnderTest,
  eventBody,
  inHours,
  makeEvent,
  publishEvent,
  send,
  type EventServiceUnderTest,
} from './event-service.ts';

let under: EventServiceUnderTest;
beforeAll(async () => {
  under = await createEventServiceUnderTest();
});
afterAll(() => under.close());

const list = async (query = '') =>
  listedDocuments.parse(
    (await send(under, 'GET', `/internal/events${query}`, undefined, { key: apiKey })).body,
  );

/** What was told of the event, in order. */
async function toldOf(eventId: string) {
  const { rows } = await under.database.db.query<{ payload: unknown }>(
    `select payload from outbox where key = $1 and type = 'event.document_changed' order by position`,
    [eventId],
  );
  return rows.map(({ payload }) => eventDocumentChanged.parse(payload));
}

const edit = (eventId: string, body: object) =>
  send(under, 'PUT', `/api/v1/admin/events/${eventId}`, body, { token: under.admin });

test('each change of what can be found is told whole, with a version that rises; a draft is nobody’s matter', async () => {
  const { event_id: eventId } = await makeEvent(under);
  await edit(eventId, { version: 1, description: 'A first draft.' });
  expect(await toldOf(eventId)).toEqual([]);
  await publishEvent(under, eventId);
  await edit(eventId, { version: 3, description: 'Now with a choir.' });
  await send(under, 'POST', `/api/v1/admin/events/${eventId}/cancel`, undefined, { token: under.admin });
  const told = await toldOf(eventId);
  expect(told.map(({ document }) => document?.description)).toEqual([
    'A first draft.',
    'Now with a choir.',
    undefined,
  ]);
  expect(told[0]?.document).toMatchObject({
    name: eventBody.name,
    venue_city: 'Bengaluru',
    price_minor: 49_950,
    currency: 'INR',
    status: 'published',
  });
  const versions = told.map(({ version }) => version);
  expect(versions).toEqual(versions.toSorted((one, other) => one - other));
  expect(new Set(versions).size).toBe(3);
});

test('a deleted event is told as removed', async () => {
  const { event_id: eventId } = await makeEvent(under);
  await publishEvent(under, eventId);
  // Booking never heard of it, so nobody can have booked.
  under.booking.specs.delete(eventId);
  await send(under, 'DELETE', `/api/v1/admin/events/${eventId}`, undefined, { token: under.admin });
  expect((await toldOf(eventId)).at(-1)).toMatchObject({ document: null });
});

test('pages name every event that can be found once, with the version and checksum of what was told', async () => {
  const made = [];
  for (let count = 0; count < 3; count += 1)
    made.push(await makeEvent(under, { start_datetime: inHours(700 + count) }));
  for (const { event_id: eventId } of made) await publishEvent(under, eventId);
  const { event_id: draft } = await makeEvent(under);
  const all = await list('?documents=true');
  const ids = all.events.map((event) => event.event_id);
  expect(ids).toEqual(ids.toSorted());
  expect(ids).toEqual(expect.arrayContaining(made.map((event) => event.event_id)));
  expect(ids).not.toContain(draft);
  expect(all.next).toBeNull();
  for (const { event_id: eventId } of made) {
    const listed = all.events.find((event) => event.event_id === eventId);
    const told = (await toldOf(eventId)).at(-1);
    const [ours, theirs] = [told?.document ?? null, listed?.document ?? null];
    if (ours === null || theirs === null) throw new Error(`${eventId} has no document`);
    expect(listed).toMatchObject({ version: told?.version, checksum: checksumOf(ours) });
    expect(theirs).toEqual(ours);
  }
  const first = await list('?limit=2');
  expect(first.events.map((event) => event.document)).toEqual([null, null]);
  const rest = await list(`?limit=500&after=${first.next ?? ''}`);
  expect([...first.events, ...rest.events].map((event) => event.event_id)).toEqual(ids);
});
