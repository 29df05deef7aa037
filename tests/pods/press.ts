/** Even load through a router, and what became of each request. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createClient } from 'evently/api/client';
import { pause } from '@evently/kit/clock';
import { apiKey, type PodPlatform } from './pod-platform.ts';
import type { Router } from './router.ts';

/** `failed` says where each failure came from, and what it was. */
export type Pressed = { failed: string[]; answered: number };

const perSecond = 40;
const requestMs = 20_000;
// What a busy pod says when it says nothing else.
const againAfterMs = 1_000;

/** Buyers who may ask at once: no limit counts them, because the platform is in load testing. */
export async function makeTokens(platform: PodPlatform, count: number): Promise<string[]> {
  const { users } = await createClient(platform.urlOf('user')).ask(
    z.object({ users: z.array(z.object({ access_token: z.string() })) }),
    { method: 'POST', path: '/internal/load-test/tokens', apiKey, body: { count } },
  );
  return users.map((user) => user.access_token);
}

/**
 * Each of `tokens` reserves one seat, 40 a second. Every answer but a 200 is a failure, and nothing is tried again;
 * with more `attempts` a 503 is, under the same key and after the time that it names, as its problem says.
 */
export async function press(
  router: Router,
  eventId: string,
  tokens: readonly string[],
  attempts = 1,
): Promise<Pressed> {
  const pressed: Pressed = { failed: [], answered: 0 };
  await Promise.all(
    tokens.map(async (token, at) => {
      await pause((at / perSecond) * 1_000);
      const fault = await reserveOnce(router.pick(), eventId, token, attempts);
      if (fault === null) pressed.answered += 1;
      else pressed.failed.push(fault);
    }),
  );
  return pressed;
}

async function reserveOnce(
  url: string,
  eventId: string,
  token: string,
  attempts: number,
  key: string = randomUUID(),
): Promise<string | null> {
  try {
    const answer = await fetch(`${url}/api/booking/reserve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ event_id: eventId, quantity: 1, idempotency_key: key }),
      signal: AbortSignal.timeout(requestMs),
    });
    const text = await answer.text();
    if (answer.status === 503 && attempts > 1) {
      await pause(Number(answer.headers.get('retry-after') ?? 0) * 1_000 || againAfterMs);
      return await reserveOnce(url, eventId, token, attempts - 1, key);
    }
    return answer.status === 200 ? null : `${url}: ${answer.status} ${text}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
    return `${url}: ${String(error)} ${cause}`;
  }
}
