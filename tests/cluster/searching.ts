/** The search as a visitor has it through the Ingress, and a house that is sold to its last seat. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { monotonicMs, pause } from '@evently/kit/clock';
import { reserveRequest } from './buyers.ts';
import { send } from './steady-load.ts';

export type Found = { status: string; available: number };

const answerSchema = z.object({
  results: z.array(
    z.object({
      event_id: z.string(),
      status: z.string(),
      available_seats: z.int(),
    }),
  ),
});
const pollMs = 50;

/** What the search says of the event to who types that; null when it is not among what is found. */
export async function findEvent(url: string, typed: string, eventId: string): Promise<Found | null> {
  const path = `/api/search?q=${encodeURIComponent(typed)}`;
  const { status, body } = await send(url, 'search', { method: 'GET', path });
  if (status !== 200) throw new Error(`the search answered ${status}: ${body}`);
  const found = answerSchema.parse(JSON.parse(body)).results.find((one) => one.event_id === eventId);
  return found === undefined ? null : { status: found.status, available: found.available_seats };
}

export type Wanted = { typed: string; eventId: string; isSo: (found: Found) => boolean };

/** Asks again and again; answers the time (`monotonicMs`) of the first answer in which it is so. */
export async function untilFound(url: string, wanted: Wanted, deadlineMs: number): Promise<number> {
  const giveUpAtMs = monotonicMs() + deadlineMs;
  for (;;) {
    const found = await findEvent(url, wanted.typed, wanted.eventId);
    if (found !== null && wanted.isSo(found)) return monotonicMs();
    if (monotonicMs() > giveUpAtMs)
      throw new Error(
        `"${wanted.typed}" after ${deadlineMs / 1_000} s: ${found === null ? 'not found' : JSON.stringify(found)}`,
      );
    await pause(pollMs);
  }
}

/** A seat for each token, all at once; answers the time of the last answer. Rejects when one gets none. */
export async function sellAll(url: string, eventId: string, tokens: readonly string[]): Promise<number> {
  const told = await Promise.all(
    tokens.map((token) => send(url, 'reserve', reserveRequest(eventId, token, randomUUID()))),
  );
  const refused = told.find(({ status }) => status !== 200);
  if (refused !== undefined) throw new Error(`a seat was refused with ${refused.status}: ${refused.body}`);
  return Math.max(...told.map(({ endedMs }) => endedMs));
}
