import { expect, test } from 'vitest';
import { z } from 'zod';
import { createCaller, type Fetch } from './caller.ts';

const schema = z.object({ n: z.int() });
const callerOf = (fetch: Fetch) =>
  createCaller({ baseUrl: 'http://other', apiKey: 'key', fetch, deadlineMs: 50 });

test('an answer is parsed, and the key is shown', async () => {
  const asked: { key: string | null; body: unknown }[] = [];
  const caller = callerOf(async (request) => {
    asked.push({ key: request.headers.get('x-api-key'), body: await request.json() });
    return Response.json({ n: 1, more: true });
  });
  expect(await caller.call('POST', '/x', schema, { a: 1 })).toEqual({ kind: 'ok', value: { n: 1 } });
  expect(asked).toEqual([{ key: 'key', body: { a: 1 } }]);
});

test('a refusal keeps its code, detail and further members', async () => {
  const problem = { code: 'sold_out', detail: 'None left', left: 0 };
  const caller = callerOf(() => Response.json(problem, { status: 409 }));
  expect(await caller.call('GET', '/x', schema)).toEqual({
    kind: 'refused',
    status: 409,
    code: 'sold_out',
    detail: 'None left',
    problem,
  });
});

test.each<[string, Fetch]>([
  ['a 5xx', () => Response.json({ code: 'x', detail: 'y' }, { status: 503 })],
  ['no JSON', () => new Response('<html>')],
  ['another shape', () => Response.json({ n: 'one' })],
  ['a broken connection', () => Promise.reject(new Error('ECONNREFUSED'))],
  ['silence', () => new Promise(() => {})],
])('%s is absence, after which nothing is known', async (_what, fetch) => {
  expect(await callerOf(fetch).call('GET', '/x', schema)).toMatchObject({ kind: 'away' });
});

test('an answer without an end is given up, and its sender is told', async () => {
  const sent = { parts: 0, cancelled: false };
  const endless = new ReadableStream<Uint8Array>({
    pull: (to) => {
      sent.parts += 1;
      to.enqueue(new Uint8Array(1_048_576).fill(32));
    },
    cancel: () => void (sent.cancelled = true),
  });
  expect(await callerOf(() => new Response(endless)).call('GET', '/x', schema)).toMatchObject({
    kind: 'away',
    reason: expect.stringContaining('larger than'),
  });
  expect(sent.cancelled).toBe(true);
  expect(sent.parts).toBeLessThan(64);
});
