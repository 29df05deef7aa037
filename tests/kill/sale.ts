/** One small sale against a running platform, with a log of what every buyer was told. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { InventorySpec } from '@evently/contracts/inventory';
import type { RunningPlatform } from './platform.ts';

export type Buyer = { userId: string; token: string; key: string };
/** `body` is the text of a 200, exactly as it came; null when no answer came or it was no 200. */
export type Told = { buyer: Buyer; status: number; body: string | null };

const tokensSchema = z.object({
  users: z.array(z.object({ user_id: z.string(), access_token: z.string() })),
});
const requestMs = 10_000;

export async function makeBuyers(platform: RunningPlatform, count: number): Promise<Buyer[]> {
  const response = await fetch(`http://127.0.0.1:${platform.ports.user}/internal/load-test/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': platform.api_key },
    body: JSON.stringify({ count }),
  });
  const { users } = tokensSchema.parse(await response.json());
  return users.map((user) => ({ userId: user.user_id, token: user.access_token, key: randomUUID() }));
}

/** An event of one tier without limits, on sale at once. */
export function specOfHouse(name: string, capacity: number, revision: number): InventorySpec {
  const startsAt = new Date(Date.now() + 30 * 86_400_000).toISOString();
  return {
    revision,
    catalog_version: 1,
    status: 'published',
    name,
    venue_name: 'A hall',
    venue_address: 'A street',
    starts_at: startsAt,
    ends_at: startsAt,
    currency: 'INR',
    sale: { mode: 'open', opens_at: null, closes_at: null },
    max_per_booking: 10,
    max_per_buyer: null,
    waitlist: 'off',
    refund_policy: [],
    tiers: [{ tier_id: randomUUID(), name: 'General', capacity, price_minor: 100 }],
  };
}

/** Puts an event of one tier on sale, straight at booking; answers its id. */
export async function openSale(
  platform: RunningPlatform,
  capacity: number,
  revision: number,
): Promise<string> {
  const eventId = randomUUID();
  const spec = specOfHouse('Kill drill', capacity, revision);
  const response = await fetch(`http://127.0.0.1:${platform.ports.booking}/internal/inventory/${eventId}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-api-key': platform.api_key },
    body: JSON.stringify(spec),
  });
  if (!response.ok) throw new Error(`the sale did not open: ${await response.text()}`);
  return eventId;
}

/** One buyer asks for one seat; a broken connection is status 0. */
export async function ask(platform: RunningPlatform, eventId: string, buyer: Buyer): Promise<Told> {
  try {
    const response = await fetch(`${platform.gateway.url}/api/booking/reserve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${buyer.token}` },
      body: JSON.stringify({ event_id: eventId, quantity: 1, idempotency_key: buyer.key }),
      signal: AbortSignal.timeout(requestMs),
    });
    const body = await response.text();
    return { buyer, status: response.status, body: response.status === 200 ? body : null };
  } catch {
    return { buyer, status: 0, body: null };
  }
}

/** All buyers ask, spread evenly over `spreadMs`. `heard` is told of each answer as it comes. */
export function askAll(
  platform: RunningPlatform,
  eventId: string,
  buyers: readonly Buyer[],
  spreadMs: number,
  heard: (told: Told) => void = () => {},
): Promise<Told[]> {
  return Promise.all(
    buyers.map(async (buyer, at) => {
      await new Promise((resolve) => setTimeout(resolve, (at / buyers.length) * spreadMs));
      const told = await ask(platform, eventId, buyer);
      heard(told);
      return told;
    }),
  );
}

/**
 * All buyers ask; `reached` resolves when `seats` of them have one, or nobody waits for an answer any more: a moment
 * in the middle of the sale on a slow machine as on a fast one.
 */
export function askUntilSold(
  platform: RunningPlatform,
  eventId: string,
  buyers: readonly Buyer[],
  { spreadMs, seats }: { spreadMs: number; seats: number },
): { told: Promise<Told[]>; reached: Promise<unknown> } {
  const enough = Promise.withResolvers<void>();
  let sold = 0;
  const told = askAll(platform, eventId, buyers, spreadMs, ({ status }) => {
    if (status === 200) sold += 1;
    if (sold >= seats) enough.resolve();
  });
  return { told, reached: Promise.race([enough.promise, told]) };
}

/** Every buyer asks again with the same key until none is told to come again. */
export async function askAgain(
  platform: RunningPlatform,
  eventId: string,
  buyers: readonly Buyer[],
): Promise<Told[]> {
  const deadline = performance.now() + 30_000;
  const told = new Map<string, Told>();
  let open = [...buyers];
  while (open.length > 0 && performance.now() < deadline) {
    for (const answer of await Promise.all(open.map((buyer) => ask(platform, eventId, buyer))))
      told.set(answer.buyer.key, answer);
    open = open.filter((buyer) => [0, 503].includes(told.get(buyer.key)?.status ?? 0));
    if (open.length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return buyers.map((buyer) => told.get(buyer.key) ?? { buyer, status: 0, body: null });
}
