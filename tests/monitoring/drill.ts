/** One sale after the other, with everything that a dashboard shows: sold, refused, expired, waited for, unknown, put aside. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { z } from 'zod';
import { createClient, type Client } from 'evently/api/client';
import { systemClock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import { apiKey } from '../pods/pod-platform.ts';
import { makeTokens, press } from '../pods/press.ts';
import { until } from '../pods/pod-process.ts';
import { cancel, confirm, publishEvent, registerBuyer, reserve, type Buyer } from '../pods/sell.ts';
import type { WatchedPlatform } from './watched-platform.ts';

/** Ids of events. */
export type Drilled = {
  /** Sold by both processes at once. */
  shared: string;
  /** Sold by the first process alone: nobody else changes it. */
  alone: string;
  /** Sold out, with somebody who waits. */
  small: string;
  /** Armed to open in seconds, and opened. */
  armed: string;
  /** The operator gets ready for both, one after the other, and they open. */
  early: string;
  managed: string;
  /** The operator waits for its time. */
  later: string;
};

const buyersOfPress = 240;
/** Everything runs on one machine here: a pod that is busy says when to come again. */
const attemptsOfPress = 10;
const armedInMs = 10_000;
const managedInMs = 20_000;
const laterInMs = 3_600_000;
const openMs = 30_000;

/** Publishes the events and sells one seat of each where it will be sold: every counter has a first value then. */
export async function stage(watched: WatchedPlatform): Promise<Drilled> {
  const { platform, organizer } = watched;
  const publish = (seats: number): Promise<string> => publishEvent(platform, organizer, seats);
  const drilled = {
    shared: await publish(1_000),
    alone: await publish(1_000),
    small: await publish(2),
    armed: await publish(50),
    early: await publish(50),
    managed: await publish(50),
    later: await publish(50),
  };
  const buyer = await registerBuyer(platform);
  const [first, second] = clientsOf(watched);
  // In turns, so that each process has met a change of the other.
  for (const client of [first, second, first, second]) await reserve(client, buyer, drilled.shared, 1);
  for (let time = 0; time < 2; time += 1) await reserve(first, buyer, drilled.alone, 1);
  await payAndGiveBack(first, buyer, drilled.shared);
  await watched.operator.applySale('early', drilled.early, managedInMs);
  return drilled;
}

/** Both processes sell one event, the first alone another one. */
export async function sellTogether(watched: WatchedPlatform, drilled: Drilled): Promise<void> {
  const { platform, booking } = watched;
  const tokens = await makeTokens(platform, buyersOfPress);
  const { first, second } = booking;
  const results = await Promise.all([
    press(inTurns([first.url, second.url]), drilled.shared, tokens, attemptsOfPress),
    press(inTurns([first.url]), drilled.alone, tokens, attemptsOfPress),
  ]);
  const failed = results.flatMap((result) => result.failed);
  if (failed.length > 0) throw new Error(failed.join('\n'));
}

/** Payments of every kind, refusals, the waitlist, an opening, and a message that nobody can read. */
export async function liveThrough(watched: WatchedPlatform, drilled: Drilled): Promise<void> {
  await poisonCatalog(watched);
  await Promise.all([
    arm(watched, drilled.armed),
    manage(watched, drilled),
    pay(watched, drilled.shared),
    sellOut(watched, drilled.small),
    browse(watched, drilled.shared),
  ]);
}

/** One sale that opens now and one that does not, and somebody who lowers the floor by hand. */
async function manage({ operator }: WatchedPlatform, { managed, later }: Drilled): Promise<void> {
  await operator.applySale('managed', managed, managedInMs);
  await operator.applySale('later', later, laterInMs);
  await operator.contestFloor();
}

/** The pages that buyers look at before they buy. A rate takes two visits, because a series begins with the first. */
export async function browse(watched: WatchedPlatform, eventId: string): Promise<void> {
  const [, second] = clientsOf(watched);
  const event = createClient(watched.platform.urlOf('event'));
  const pages: readonly (readonly [Client, string])[] = [
    [event, '/api/event/events'],
    [event, `/api/event/events/${eventId}`],
    [event, `/api/event/events/${eventId}/availability`],
    [createClient(watched.platform.urlOf('search')), '/api/search?q=pods'],
    [second, `/api/booking/bookings/check-availability?event_id=${eventId}&quantity=1`],
  ];
  for (const [client, page] of pages) await client.ask(z.unknown(), { method: 'GET', path: page });
}

/** The router of `press`, without looking who is ready: nobody ends here. */
function inTurns(urls: readonly string[]): Parameters<typeof press>[0] {
  let turn = 0;
  return {
    known: () => [...urls],
    pick: () => {
      turn += 1;
      return urls[turn % urls.length] ?? '';
    },
    close: () => Promise.resolve(),
  };
}

function clientsOf({ booking }: WatchedPlatform): [Client, Client] {
  return [createClient(booking.first.url), createClient(booking.second.url)];
}

/** The tokens are those of docs/payments-test-tokens.md. */
async function pay(watched: WatchedPlatform, eventId: string): Promise<void> {
  const [first, second] = clientsOf(watched);
  const buyer = await registerBuyer(watched.platform);
  const paid = await reserve(first, buyer, eventId, 2);
  await confirm(first, buyer, paid.reservation_id);
  await payAndGiveBack(first, buyer, eventId);
  const expected: Readonly<Record<string, number>> = {
    tok_decline: 402,
    tok_timeout_lost: 202,
    tok_timeout: 202,
    tok_twice: 200,
  };
  await Promise.all(
    Object.entries(expected).map(async ([token, status]) => {
      const held = await reserve(first, buyer, eventId, 1);
      const answer = await confirmWith(first, buyer, held.reservation_id, token);
      if (answer !== status) throw new Error(`${token} was answered ${answer} instead of ${status}`);
    }),
  );
  await second.send({ method: 'GET', path: `/api/booking/bookings/${randomUUID()}`, token: buyer.token });
}

async function payAndGiveBack(client: Client, buyer: Buyer, eventId: string): Promise<void> {
  const given = await reserve(client, buyer, eventId, 1);
  await confirm(client, buyer, given.reservation_id);
  await cancel(client, buyer, given.reservation_id);
}

async function confirmWith(
  client: Client,
  buyer: Buyer,
  reservationId: string,
  token: string,
): Promise<number> {
  const { status } = await client.send({
    method: 'POST',
    path: '/api/booking/confirm',
    token: buyer.token,
    body: { reservation_id: reservationId, payment_token: token, payment_method: 'card' },
  });
  return status;
}

/** Two seats, three buyers: the second is refused and waits, and is offered what the first gives back. Offers run out. */
async function sellOut(watched: WatchedPlatform, eventId: string): Promise<void> {
  const [first, second] = clientsOf(watched);
  const [buyer, late, later] = await Promise.all([1, 2, 3].map(() => registerBuyer(watched.platform)));
  if (buyer === undefined || late === undefined || later === undefined)
    throw new Error('three buyers are needed');
  const [kept, given] = [await reserve(first, buyer, eventId, 1), await reserve(first, buyer, eventId, 1)];
  await confirm(first, buyer, kept.reservation_id);
  for (const client of [first, second]) {
    const { status } = await client.send({
      method: 'POST',
      path: '/api/booking/reserve',
      token: late.token,
      body: { event_id: eventId, quantity: 1, idempotency_key: randomUUID() },
    });
    if (status !== 409) throw new Error(`a seat too many was answered ${status}`);
  }
  // Who was refused waits already; another one joins.
  await second.ask(z.unknown(), {
    method: 'POST',
    path: '/api/booking/waitlist/join',
    token: later.token,
    body: { event_id: eventId, quantity: 1 },
  });
  await cancelHold(first, buyer, given.reservation_id);
}

async function cancelHold(client: Client, buyer: Buyer, reservationId: string): Promise<void> {
  await client.ask(z.unknown(), {
    method: 'DELETE',
    path: `/api/booking/bookings/${reservationId}`,
    token: buyer.token,
  });
}

const code = z.object({ code: z.string() }).catch({ code: '' });

/** Booking is told an opening as the operator tells it, and somebody is there when it opens. */
async function arm(watched: WatchedPlatform, eventId: string): Promise<void> {
  const [first] = clientsOf(watched);
  const buyer = await registerBuyer(watched.platform);
  const opensAt = new Date(systemClock.now().getTime() + armedInMs);
  await first.ask(z.unknown(), {
    method: 'PUT',
    path: `/internal/sales/${eventId}`,
    apiKey,
    body: {
      epoch: 1,
      uid: randomUUID(),
      generation: 1,
      intent: 'Run',
      opens_at: opensAt.toISOString(),
      closes_at: null,
    },
  });
  const refused = new Set<string>();
  await until(
    'the sale opens',
    openMs,
    async () => {
      const { status, body } = await first.send({
        method: 'POST',
        path: '/api/booking/reserve',
        token: buyer.token,
        body: { event_id: eventId, quantity: 1, idempotency_key: randomUUID() },
      });
      refused.add(code.parse(body).code);
      return status === 200;
    },
    () => [...refused].join(', '),
  );
}

/** A message of the catalog that booking cannot read: after five tries it is put aside. */
async function poisonCatalog({ platform }: WatchedPlatform): Promise<void> {
  const client = new pg.Client({
    connectionString: platform.databaseUrl('event'),
    connectionTimeoutMillis: 5_000,
  });
  await client.connect();
  try {
    await client.query(
      "insert into outbox (id, topic, key, type, payload) values ($1, 'event', $2, 'event.inventory_changed', '{}')",
      [newId(systemClock.now().getTime()), randomUUID()],
    );
  } finally {
    await client.end();
  }
}
