import { afterAll, beforeAll, expect, test } from 'vitest';
import { actsOf, type Acts, type Buyer } from './buyers.ts';
import { createFixture, type Fixture } from './fixture.ts';

let f: Fixture;
let acts: Acts;
beforeAll(async () => {
  f = await createFixture({ BOOKING_MAX_STREAMS: '2' });
  acts = actsOf(f);
});
afterAll(() => f.close());

const open = (id: string, who: Buyer, after?: string): Promise<Response> =>
  Promise.resolve(
    f.service.app.request(`/api/v1/bookings/${id}/stream`, {
      headers: {
        authorization: `Bearer ${who.token}`,
        ...(after === undefined ? {} : { 'last-event-id': after }),
      },
    }),
  );

/** The statuses of the first `wanted` events; then the client goes. */
async function listen(id: string, who: Buyer, wanted: number, after?: string): Promise<string[]> {
  const reader = (await open(id, who, after)).body?.getReader();
  let text = '';
  while (reader !== undefined && text.split('event: status').length <= wanted) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader?.cancel();
  return [...text.matchAll(/"status":"(\w+)"/g)].map((match) => match[1] ?? '');
}

test('a stream tells each change of status once and resumes after the last seen', async () => {
  const { eventId } = await f.publish();
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who);
  const all = listen(id, who, 3);
  await acts.confirm(id, who);
  expect(await all).toEqual(['pending', 'paying', 'confirmed']);
  expect(await listen(id, who, 1, '2')).toEqual(['confirmed']);
});

test('streams have a largest number, and one that ends makes room', async () => {
  const { eventId } = await f.publish();
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who);
  const [one, two] = [await open(id, who), await open(id, who)];
  const refused = await f.call('GET', `/api/v1/bookings/${id}/stream`, { token: who.token });
  expect(refused).toMatchObject({ status: 503, body: { code: 'too_many_streams' } });
  expect(refused.headers.get('retry-after')).toBe('5');
  await one.body?.cancel();
  expect(await listen(id, who, 1)).toEqual(['pending']);
  await two.body?.cancel();
});

test('a stream is resumed after a number only', async () => {
  const { eventId } = await f.publish();
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who);
  const options = { token: who.token, headers: { 'last-event-id': 'yesterday' } };
  expect((await f.call('GET', `/api/v1/bookings/${id}/stream`, options)).status).toBe(400);
});
