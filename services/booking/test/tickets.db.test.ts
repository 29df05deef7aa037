import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { actsOf, type Acts, type Buyer } from './buyers.ts';
import { createFixture, type Fixture } from './fixture.ts';

let f: Fixture;
let acts: Acts;
let door = '';
beforeAll(async () => {
  f = await createFixture();
  acts = actsOf(f);
  door = await f.tokens.admin(['tickets:scan']);
});
afterAll(() => f.close());
afterEach(async () => expect(await f.broken()).toEqual([]));

const ticketList = z.object({
  tickets: z.array(z.object({ code: z.string(), qr: z.string(), status: z.string() })),
});
async function ticketsOf(id: string, who: Buyer) {
  const answer = await f.call('GET', `/api/v1/bookings/${id}/tickets`, { token: who.token });
  return ticketList.parse(answer.body).tickets;
}
const scan = (code: string, token = door) =>
  f.call('POST', '/api/v1/tickets/scan', { token, body: { code, where: 'north gate' } });

async function bought(quantity = 1): Promise<{ id: string; who: Buyer }> {
  const { eventId } = await f.publish();
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who, quantity);
  expect(await ticketsOf(id, who)).toEqual([]);
  await acts.confirm(id, who);
  return { id, who };
}

test('a ticket lets one person in once', async () => {
  const { id, who } = await bought(2);
  const [ticket, other] = await ticketsOf(id, who);
  if (ticket === undefined || other === undefined) throw new Error('two tickets were bought');
  expect(ticket.code).not.toBe(other.code);
  expect((await scan(ticket.code, who.token)).status).toBe(403);
  const answers = await Promise.all([scan(ticket.qr), scan(ticket.code)]);
  expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  expect(await scan(ticket.code)).toMatchObject({
    status: 409,
    body: { code: 'ticket_already_used', used_where: 'north gate' },
  });
  expect((await scan(other.code)).status).toBe(200);
  expect((await scan('x'.repeat(27))).status).toBe(404);
  expect((await scan('short')).status).toBe(400);
});

test('the ticket of a cancelled booking lets nobody in', async () => {
  const { id, who } = await bought();
  const [ticket] = await ticketsOf(id, who);
  await acts.cancel(id, who);
  expect(await scan(ticket?.code ?? '')).toMatchObject({ status: 410, body: { code: 'ticket_void' } });
});

test('an administrator without the permission does not scan', async () => {
  const { id, who } = await bought();
  const [ticket] = await ticketsOf(id, who);
  expect((await scan(ticket?.code ?? '', await f.tokens.admin(['events:write']))).status).toBe(403);
});

test('who is inside does not get the money back, and tickets are shown to no administrator without the right', async () => {
  const { id, who } = await bought(2);
  const [ticket] = await ticketsOf(id, who);
  expect((await scan(ticket?.code ?? '')).status).toBe(200);
  expect(await acts.cancel(id, who)).toMatchObject({
    status: 409,
    body: { code: 'ticket_already_used', used_where: 'north gate' },
  });
  expect(await acts.look(id, who)).toMatchObject({ status: 'confirmed', payment_status: 'paid' });
  const read = async (permission: string): Promise<number> => {
    const token = await f.tokens.admin([permission]);
    return (await f.call('GET', `/api/v1/bookings/${id}/tickets`, { token })).status;
  };
  expect([await read('tickets:scan'), await read('events:read')]).toEqual([404, 404]);
  expect([await read('bookings:read'), await read('*')]).toEqual([200, 200]);
});
