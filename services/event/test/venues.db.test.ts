import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createEventServiceUnderTest,
  makeEvent,
  makeVenue,
  problem,
  publishEvent,
  send,
  venueBody,
  type EventServiceUnderTest,
  type SendOptions,
} from './event-service.ts';

let under: EventServiceUnderTest;
beforeAll(async () => {
  under = await createEventServiceUnderTest();
});
afterAll(() => under.close());

const path = '/api/v1/admin/venues';
const make = (body: unknown, options: SendOptions = {}) =>
  send(under, 'POST', path, body, { token: under.admin, ...options });
const change = (id: string, body: unknown) =>
  send(under, 'PUT', `${path}/${id}`, body, { token: under.admin });
const remove = (id: string) => send(under, 'DELETE', `${path}/${id}`, undefined, { token: under.admin });
const list = (query: string) => send(under, 'GET', `${path}?${query}`, undefined, { token: under.admin });
const namesOf = (body: Record<string, unknown>): string[] =>
  z
    .array(z.looseObject({ name: z.string() }))
    .parse(body['venues'])
    .map(({ name }) => name);

test('a venue has the fields of the interface, and can be read again', async () => {
  const layout = { rows: [{ name: 'A', seats: 10 }], note: 'nul \u0000 and half \ud800' };
  const made = await make({ ...venueBody, layout_config: layout });
  expect(made.status).toBe(201);
  expect(Object.keys(made.body)).toEqual([
    'venue_id',
    'name',
    'address',
    'city',
    'state',
    'country',
    'postal_code',
    'capacity',
    'latitude',
    'longitude',
    'layout_config',
    'created_by',
    'created_at',
    'updated_at',
  ]);
  expect(made.body).toMatchObject({ ...venueBody, layout_config: layout });
  const read = await send(under, 'GET', `${path}/${String(made.body['venue_id'])}`, undefined, {
    token: under.admin,
  });
  expect(read.body).toEqual(made.body);
});

test('what is optional may be left out', async () => {
  const { state: _state, postal_code: _code, ...needed } = venueBody;
  expect((await make(needed)).body).toMatchObject({ state: null, postal_code: null, layout_config: null });
});

test('a body that is no venue is refused field by field, and nothing is made', async () => {
  const before = (await list('limit=1')).body['total'];
  const deep: Record<string, unknown> = {};
  let inner = deep;
  for (let depth = 0; depth < 2_000; depth += 1) inner = inner['x'] = {};
  for (const [more, field] of [
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(201) }, 'name'],
    [{ name: 'a\u0000b' }, 'name'],
    [{ city: 7 }, 'city'],
    [{ address: undefined }, 'address'],
    [{ capacity: 0 }, 'capacity'],
    [{ capacity: -5 }, 'capacity'],
    [{ capacity: 1.5 }, 'capacity'],
    [{ capacity: 1e12 }, 'capacity'],
    [{ capacity: '100' }, 'capacity'],
    [{ layout_config: [] }, 'layout_config'],
    [{ layout_config: deep }, 'layout_config'],
    [{ layout_config: { x: 'y'.repeat(40_000) } }, 'layout_config'],
    [{ venue_id: '0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b' }, 'venue_id'],
  ] as const) {
    const answer = await make({ ...venueBody, ...more });
    expect(answer).toMatchObject(problem(400, 'invalid_request'));
    expect(answer.body['errors']).toMatchObject([{ field }]);
  }
  expect(await make('{"name":')).toMatchObject({ status: 400 });
  expect(await make('null')).toMatchObject({ status: 400 });
  expect(await make(`{"name":"${'x'.repeat(70_000)}"}`)).toMatchObject(problem(413, 'body_too_large'));
  expect((await list('limit=1')).body['total']).toBe(before);
});

test('a repeated key makes one venue, also when both come at once', async () => {
  const body = { ...venueBody, name: 'Made once' };
  const options = { headers: { 'idempotency-key': 'make a venue, please' } };
  const [one, two] = await Promise.all([make(body, options), make(body, options)]);
  expect([one.status, two.status]).toEqual([201, 201]);
  expect(one.text).toBe(two.text);
  const replayed = [one, two].filter(({ headers }) => headers.get('idempotency-replayed') === 'true');
  expect(replayed).toHaveLength(1);
  expect((await list('search=made%20once')).body['total']).toBe(1);
  expect(await make({ ...body, capacity: 7 }, options)).toMatchObject(problem(422, 'idempotency_key_reused'));
  // Keys are private: another administrator's is another key.
  const other = await make(body, { ...options, token: await under.tokens.admin() });
  expect(other.body['venue_id']).not.toBe(one.body['venue_id']);
});

test('the list is found by city and state in any case, by a part of the name, and in pages', async () => {
  for (const name of ['Alpha Hall', 'Beta Hall', 'Gamma 100%_Hall'])
    await makeVenue(under, { name, city: 'Panaji', state: 'Goa' });
  expect((await list('city=PANAJI')).body).toMatchObject({ total: 3, page: 1, limit: 20, has_more: false });
  expect((await list('state=goa&city=mumbai')).body).toMatchObject({ total: 0, venues: [] });
  expect(namesOf((await list('city=panaji&search=ALPHA')).body)).toEqual(['Alpha Hall']);
  expect(namesOf((await list('city=panaji&search=100%25_')).body)).toEqual(['Gamma 100%_Hall']);
  const first = (await list('city=panaji&limit=2')).body;
  const second = (await list('city=panaji&limit=2&page=2')).body;
  expect(first).toMatchObject({ total: 3, total_pages: 2, has_more: true });
  expect(second).toMatchObject({ page: 2, has_more: false });
  expect(new Set([...namesOf(first), ...namesOf(second)]).size).toBe(3);
});

test('a change alters what it names and nothing else', async () => {
  const id = await makeVenue(under, { layout_config: { rows: 1 } });
  const renamed = await change(id, { name: 'Another name', state: null });
  expect(renamed).toMatchObject({
    status: 200,
    body: { ...venueBody, name: 'Another name', state: null, layout_config: { rows: 1 } },
  });
  expect((await change(id, { layout_config: null })).body).toMatchObject({
    name: 'Another name',
    layout_config: null,
  });
  expect((await change(id, {})).status).toBe(200);
  expect(await change(id, { owner: 'me' })).toMatchObject(problem(400, 'invalid_request'));
  expect(await change(id, { name: null })).toMatchObject(problem(400, 'invalid_request'));
});

test('a venue does not become smaller than its events, and an event no larger than its venue', async () => {
  const venueId = await makeVenue(under, { capacity: 50 });
  const body = { total_capacity: 51, venue_id: venueId };
  await expect(makeEvent(under, body)).rejects.toThrow('capacity_above_venue');
  await makeEvent(under, { ...body, total_capacity: 50 });
  const answer = await change(venueId, { capacity: 49 });
  expect(answer).toMatchObject(problem(409, 'capacity_above_venue'));
  expect(answer.body).toMatchObject({ total_capacity: 50, venue_capacity: 49 });
  expect((await change(venueId, { capacity: 51 })).status).toBe(200);
});

test('a moved venue is told to booking for its published events, and shown on their pages', async () => {
  const venueId = await makeVenue(under);
  const published = await makeEvent(under, { venue_id: venueId });
  await makeEvent(under, { venue_id: venueId });
  await publishEvent(under, published.event_id);
  const told = async () => {
    const { rows } = await under.database.db.query<{ key: string; type: string; payload: unknown }>(
      'select key, type, payload from outbox order by position',
    );
    return rows;
  };
  const before = (await told()).length;
  await change(venueId, { capacity: 2_000 });
  await change(venueId, { address: '12 Another Road', city: 'Mysuru' });
  await change(venueId, { latitude: 12.3, longitude: 76.64 });
  const key = published.event_id;
  expect((await told()).slice(before)).toMatchObject([
    {
      key,
      type: 'event.inventory_changed',
      payload: { spec: { venue_address: '12 Another Road, Mysuru', status: 'published' } },
    },
    { key, type: 'event.document_changed', payload: { document: { venue_city: 'Mysuru', latitude: null } } },
    { key, type: 'event.document_changed', payload: { document: { latitude: 12.3, longitude: 76.64 } } },
  ]);
  const page = await send(under, 'GET', `/api/v1/events/${published.event_id}`);
  expect(page.body).toMatchObject({ venue_address: '12 Another Road', venue_city: 'Mysuru' });
});

test('a place on the map has two numbers, or none', async () => {
  const placed = await make({ ...venueBody, latitude: -33.87, longitude: 151.21 });
  expect(placed).toMatchObject({ status: 201, body: { latitude: -33.87, longitude: 151.21 } });
  const id = String(placed.body['venue_id']);
  expect((await make(venueBody)).body).toMatchObject({ latitude: null, longitude: null });
  for (const body of [
    { latitude: 1 },
    { longitude: 1 },
    { latitude: 1, longitude: null },
    { latitude: 91, longitude: 0 },
    { latitude: 0, longitude: '1' },
  ]) {
    expect(await make({ ...venueBody, ...body })).toMatchObject(problem(400, 'invalid_request'));
    expect(await change(id, body)).toMatchObject(problem(400, 'invalid_request'));
  }
  expect((await change(id, { capacity: 9 })).body).toMatchObject({ latitude: -33.87 });
  expect((await change(id, { latitude: null, longitude: null })).body).toMatchObject({ latitude: null });
});

test('a venue that an event uses is not deleted, one without events is', async () => {
  const venueId = await makeVenue(under);
  const { event_id: eventId } = await makeEvent(under, { venue_id: venueId });
  const refused = await remove(venueId);
  expect(refused).toMatchObject(problem(409, 'venue_in_use'));
  expect(refused.body).toMatchObject({ events: 1 });
  await send(under, 'DELETE', `/api/v1/admin/events/${eventId}`, undefined, { token: under.admin });
  expect((await remove(venueId)).status).toBe(200);
  expect(await remove(venueId)).toMatchObject(problem(404, 'not_found'));
});

test('when a venue is deleted while an event is made in it, exactly one of the two happens', async () => {
  for (let round = 0; round < 5; round += 1) {
    const venueId = await makeVenue(under);
    const [removed, made] = await Promise.all([
      remove(venueId),
      makeEvent(under, { venue_id: venueId }).then(
        () => 'made',
        (error: unknown) => String(error),
      ),
    ]);
    if (removed.status === 200) expect(made).toContain('there is no such venue');
    else expect([removed.status, made]).toEqual([409, 'made']);
  }
});
