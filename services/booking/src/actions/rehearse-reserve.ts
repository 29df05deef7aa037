/** Runs the hot path on an event that never was: code compiled, statements planned, nothing kept. */
import type { ClientBase } from 'pg';
import type { InventorySpec } from '@evently/contracts/inventory';
import { newId } from '@evently/kit/ids';
import type { Database } from '@evently/kit/postgres';
import { NotWarm } from '@evently/kit/warm-up';
import { windowAsText } from '../domain/window.ts';
import type { BookingMetrics } from '../metrics.ts';
import { ensureSale, writeTerms, writeTiers } from '../store/details.ts';
import { createBoards } from './boards.ts';
import { createReserveQueue, type ReserveDeps, type ReserveQueue } from './reserve-seats.ts';

export type RehearseDeps = Omit<ReserveDeps, 'boards' | 'metrics' | 'committed' | 'announce'>;

const capacity = 1_000;
const rounds = 4;

/** Thrown to undo the rehearsal; nobody but `rehearseReserve` sees it. */
class RehearsalOver extends Error {}

/**
 * Lets `buyers` reserve at once, four times, then one who repeats a key and one who asks for too much, each in
 * every one of `connections` transactions that run beside each other and are undone. The event has an id of
 * its own, so no lock of another one is taken, no stock moves, and no message is left. Costs some dead rows.
 * @returns reservations that were granted
 */
export async function rehearseReserve(
  deps: RehearseDeps,
  connections: number,
  buyers: number,
): Promise<number> {
  const granted = await Promise.all(
    Array.from({ length: connections }, () => rehearseOn(deps, Math.min(buyers, capacity / rounds))),
  );
  return granted.reduce((sum, count) => sum + count, 0);
}

async function rehearseOn(deps: RehearseDeps, buyers: number): Promise<number> {
  let granted = 0;
  await deps.db
    .transaction(async (client) => {
      granted = await reserveInVain(deps, client, buyers);
      throw new RehearsalOver();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RehearsalOver)) throw error;
    });
  return granted;
}

async function reserveInVain(deps: RehearseDeps, client: ClientBase, buyers: number): Promise<number> {
  const nowMs = deps.clock.now().getTime();
  const eventId = newId(nowMs);
  await publishPretended(client, eventId, newId(nowMs), deps.clock.now());
  const db: Database = {
    query: (statement, values) => client.query(statement, values),
    transaction: (work) => work(client),
    session: (work) => work(client),
    ready: () => Promise.resolve(true),
    waiting: () => 0,
    connections: () => ({ idle: 0, used: 1 }),
    close: () => Promise.resolve(),
  };
  const queue = createReserveQueue({
    ...deps,
    db,
    boards: createBoards(db, deps.clock),
    metrics: uncounted,
    committed: () => {},
    announce: () => {},
  });
  let granted = 0;
  for (let round = 0; round < rounds; round += 1) granted += await reserveOnce(queue, eventId, nowMs, buyers);
  if (granted !== rounds * buyers)
    throw new NotWarm(`the rehearsal granted ${granted} of ${rounds * buyers} reservations`);
  return granted;
}

async function reserveOnce(
  queue: ReserveQueue,
  eventId: string,
  nowMs: number,
  buyers: number,
): Promise<number> {
  const ask = (userId: string, key: string, quantity: number) =>
    queue.reserve({ eventId, userId, key, lines: [{ tierId: null, quantity }], isAbandoned: () => false });
  const herd = Array.from({ length: buyers }, () => newId(nowMs));
  const outcomes = await Promise.all(herd.map((userId) => ask(userId, userId, 1)));
  // The ways off the fast one: a stored answer and a refusal, each decided item by item.
  const again = herd[0] ?? newId(nowMs);
  await ask(again, again, 1);
  await ask(newId(nowMs), 'too many', maxPerBooking + 1);
  return outcomes.filter((outcome) => outcome.ok).length;
}

const maxPerBooking = 10;
const startsAfterMs = 86_400_000;

async function publishPretended(
  client: ClientBase,
  eventId: string,
  tierId: string,
  now: Date,
): Promise<void> {
  const startsAt = new Date(now.getTime() + startsAfterMs).toISOString();
  const spec: InventorySpec = {
    revision: 1,
    catalog_version: 1,
    status: 'published',
    name: '',
    venue_name: '',
    venue_address: '',
    starts_at: startsAt,
    ends_at: startsAt,
    currency: 'XXX',
    sale: { mode: 'open', opens_at: null, closes_at: null },
    max_per_booking: maxPerBooking,
    max_per_buyer: null,
    waitlist: 'off',
    refund_policy: [],
    tiers: [],
  };
  await ensureSale(client, eventId, spec);
  await writeTerms(client, eventId, spec, windowAsText({ from: 'always', until: 'never' }));
  const tier = { tierId, position: 0, name: '', priceMinor: 0, capacity, available: capacity };
  await writeTiers(client, eventId, [tier]);
}

/** A rehearsal is no sale, so no metric counts it. */
const uncounted: BookingMetrics = {
  changed: () => {},
  refused: () => {},
  batch: () => {},
  careful: () => {},
  confirmation: () => {},
  sweep: () => {},
};
