/** Everything that booking does for buyers, the catalog, the operator and the clock, once, in one order. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { actsOf, until, type Acts, type Buyer } from './buyers.ts';
import { specOf, type Fixture } from './fixture.ts';

/** Far away, so that what was said then is still about the future when it is said again. */
const far = { starts_at: '2099-06-01T18:00:00.000Z', ends_at: '2099-06-01T21:00:00.000Z' };
const ticketList = z.object({ tickets: z.array(z.object({ code: z.string() })) });

/** Leads a service that has not been started through its whole life; its sweeps and its relay run at the end. */
export async function leadWholeLife(f: Fixture): Promise<void> {
  const acts = actsOf(f);
  await sellAndLetIn(f, acts);
  await askWhenFull(f, acts);
  await payInEveryWay(f, acts);
  await limitAndChange(f, acts);
  await wait(f, acts);
  await armAndReport(f, acts);
  await cancelEvent(f, acts);
}

/** An hour ago, so that it is over however slowly this is said again. */
const lapse = (f: Fixture, id: string) =>
  f.database.db.query(
    "update bookings set expires_at = clock_timestamp() - interval '1 hour' where id = $1",
    [id],
  );
const sweep = (f: Fixture) => f.internal('POST', '/internal/bookings/expire-reservations');

async function sellAndLetIn(f: Fixture, acts: Acts): Promise<void> {
  const { eventId } = await f.publish({ capacity: 20, ...far });
  const who = await acts.buyer();
  const key = randomUUID();
  await acts.ask(eventId, who, { quantity: 2, idempotency_key: key });
  const again = await acts.ask(eventId, who, { quantity: 2, idempotency_key: key });
  const id = String(again.body['reservation_id']);
  await acts.confirm(id, who);
  await acts.confirm(id, who);
  const answer = await f.call('GET', `/api/v1/bookings/${id}/tickets`, { token: who.token });
  const door = await f.tokens.admin(['tickets:scan']);
  for (const { code } of ticketList.parse(answer.body).tickets)
    for (let times = 0; times < 2; times += 1)
      await f.call('POST', '/api/v1/tickets/scan', { token: door, body: { code, where: 'north gate' } });
  await watch(f, id, who);
  await acts.giveBack(await acts.reserve(eventId, who), who);
  await acts.cancel(await acts.reserve(eventId, who), who);
  await lapse(f, await acts.reserve(eventId, who));
  await sweep(f);
  await acts.left(eventId);
  await acts.look(id, who);
  await f.call('GET', `/api/v1/bookings/user/${who.id}`, { token: who.token });
  await f.internal('GET', `/internal/bookings?user_id=${who.id}`);
  await f.internal('GET', `/internal/bookings/${id}`);
}

/** The first event of the booking's stream. */
async function watch(f: Fixture, id: string, who: Buyer): Promise<void> {
  const headers = { authorization: `Bearer ${who.token}` };
  const response = await f.service.app.request(`/api/v1/bookings/${id}/stream`, { headers });
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
}

/** Who asks for a house that is full is answered from memory, unless they have something of it already. */
async function askWhenFull(f: Fixture, acts: Acts): Promise<void> {
  const { eventId } = await f.publish({ capacity: 1, waitlist: 'off', ...far });
  const [winner, late] = [await acts.buyer(), await acts.buyer()];
  const id = await acts.reserve(eventId, winner);
  await acts.ask(eventId, late);
  await acts.ask(eventId, winner);
  await acts.giveBack(id, winner);
  await acts.reserve(eventId, await acts.buyer());
  await acts.ask(eventId, late);
  await acts.ask(eventId, winner);
}

async function payInEveryWay(f: Fixture, acts: Acts): Promise<void> {
  const { eventId } = await f.publish({ capacity: 20, ...far });
  const who = await acts.buyer();
  f.payments.next = 'declined';
  const declined = await acts.reserve(eventId, who);
  await acts.confirm(declined, who);
  f.payments.next = 'away';
  f.payments.known = 'away';
  const unknown = await acts.reserve(eventId, who);
  await acts.confirm(unknown, who);
  await acts.settle(eventId, unknown);
  Object.assign(f.payments, { next: 'succeeded', known: 'missing' });
  const late = await acts.reserve(eventId, who);
  await lapse(f, late);
  await sweep(f);
  await acts.settle(eventId, late);
  await acts.cancel(late, who);
  const { rows } = await f.database.db.query<{ id: string }>(
    'select id from booking_refunds where booking_id = $1',
    [late],
  );
  for (const { id } of rows) await settleRefund(f, eventId, late, id);
}

function settleRefund(f: Fixture, eventId: string, bookingId: string, refundId: string): Promise<void> {
  return f.bus.publish({
    id: randomUUID(),
    topic: 'payment',
    key: bookingId,
    type: 'payment.refund_settled',
    createdAt: new Date(),
    attempt: 1,
    payload: {
      refund_id: refundId,
      booking_id: bookingId,
      event_id: eventId,
      status: 'succeeded',
      amount_minor: 49_950,
    },
  });
}

/** Limits are counted on the way that looks at each request, and edits are weighed against what was sold. */
async function limitAndChange(f: Fixture, acts: Acts): Promise<void> {
  const tiers = [
    { tier_id: randomUUID(), name: 'A', capacity: 5, price_minor: 1_000 },
    { tier_id: randomUUID(), name: 'B', capacity: 5, price_minor: 250 },
  ];
  const spec = { ...specOf(5, 100), ...far, tiers, max_per_buyer: 3 };
  const { eventId } = await f.publish(spec);
  const who = await acts.buyer();
  const items = tiers.map(({ tier_id }) => ({ tier_id, quantity: 1 }));
  await acts.ask(eventId, who, { quantity: undefined, items });
  await acts.ask(eventId, who, { quantity: 2, tier_id: tiers[0]?.tier_id });
  const put = (body: unknown) => f.internal('PUT', `/internal/inventory/${eventId}`, body);
  const third = { tier_id: randomUUID(), name: 'C', capacity: 3, price_minor: 10 };
  await put({ ...spec, revision: 101, tiers: [...tiers, third] });
  await put({ ...spec, revision: 102 });
  await put({ ...spec, revision: 103, currency: 'EUR' });
  const list = await f.internal('GET', `/internal/inventory?event_ids=${eventId}`);
  const [stock] = z
    .object({ inventories: z.array(z.looseObject({ stock_version: z.int() })) })
    .parse(list.body).inventories;
  const block = await f.internal('POST', `/internal/inventory/${eventId}/block`, {
    quantity: 2,
    version: stock?.stock_version,
  });
  await f.internal('POST', `/internal/inventory/${eventId}/return`, {
    quantity: 2,
    version: block.body['stock_version'],
  });
  await f.internal('GET', `/internal/inventory/${eventId}/report`);
}

async function wait(f: Fixture, acts: Acts): Promise<void> {
  const { eventId } = await f.publish({ capacity: 2, ...far });
  const buyers: Buyer[] = [];
  for (let made = 0; made < 4; made += 1) buyers.push(await acts.buyer());
  const [holder, big, small, late] = buyers;
  if (holder === undefined || big === undefined || small === undefined || late === undefined) return;
  const held = [await acts.reserve(eventId, holder), await acts.reserve(eventId, holder)];
  await acts.join(eventId, big, 2);
  await acts.join(eventId, small);
  await acts.ask(eventId, late);
  for (const id of held) {
    await lapse(f, id);
    await sweep(f);
  }
  const offer = await acts.position(eventId, small);
  await acts.ask(eventId, small);
  await acts.confirm(String(offer['reservation_id']), small);
  await acts.position(eventId, big);
  await acts.leave(eventId, big);
}

async function armAndReport(f: Fixture, acts: Acts): Promise<void> {
  const managed = { mode: 'managed', opens_at: null, closes_at: null } as const;
  const { eventId } = await f.publish({ capacity: 5, sale: managed, ...far });
  const command = { epoch: 1, uid: 'a', opens_at: '2026-01-01T00:00:00.000Z', closes_at: null };
  await f.internal('PUT', `/internal/sales/${eventId}`, { ...command, generation: 1, intent: 'Run' });
  await f.internal('POST', '/internal/prewarm', { event_ids: [eventId] });
  await acts.reserve(eventId, await acts.buyer());
  await f.internal('PUT', `/internal/sales/${eventId}`, { ...command, generation: 2, intent: 'Hold' });
  await f.internal('GET', `/internal/sales/${eventId}`);
  await f.internal('DELETE', `/internal/sales/${eventId}?epoch=1&uid=a&generation=3`);
  await f.internal('GET', '/internal/verify');
}

/** A cancelled event gives everything back by itself: only now do the sweeps and the relay run. */
async function cancelEvent(f: Fixture, acts: Acts): Promise<void> {
  const spec = { ...specOf(5, 200), ...far };
  const { eventId } = await f.publish(spec);
  const who = await acts.buyer();
  await acts.confirm(await acts.reserve(eventId, who), who);
  await acts.reserve(eventId, who);
  await f.internal('PUT', `/internal/inventory/${eventId}`, { ...spec, revision: 201, status: 'cancelled' });
  await f.service.start();
  await until(
    () => isWindingDown(f, eventId),
    (winding) => !winding,
  );
  await f.internal('POST', '/internal/bookings/force-expire-all');
}

async function isWindingDown(f: Fixture, eventId: string): Promise<boolean> {
  const { rows } = await f.database.db.query<{ winding_down: boolean }>(
    'select winding_down from event_sales where event_id = $1',
    [eventId],
  );
  return rows[0]?.winding_down ?? false;
}
