import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { warmAnswer } from '@evently/contracts/warm-up';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createHotRounds } from '../src/actions/keep-hot.ts';
import type { SearchEngine } from '../src/engine/port.ts';
import { makeCatalogDocument } from './pretend-catalog.ts';
import {
  apiKey,
  createSearchUnderTest,
  search,
  send,
  settled,
  tellDocument,
  tellStock,
  type SearchUnderTest,
} from './search-service.ts';

type Pod = SearchUnderTest & { asked: () => number };
const opened: SearchUnderTest[] = [];
const longest = { timeout: 20_000, interval: 20 };
/** Answers are kept for as long as can be set: a machine that stands still for a moment makes none of them old. */
const kept = { SEARCH_KEEP_MS: '10000' };

let first: Pod;
let event: string;
let other: string;
beforeEach(async () => {
  first = await open(kept);
  [event, other] = [randomUUID(), randomUUID()];
  await tellDocument(
    first,
    event,
    1,
    makeCatalogDocument({ name: 'Arijit Live', venue_city: 'Mumbai', venue_name: 'DY Patil' }),
  );
  await tellDocument(
    first,
    other,
    1,
    makeCatalogDocument({
      name: 'Quiet Chess',
      venue_city: 'Pune',
      venue_name: 'Nehru',
      event_type: 'games',
    }),
  );
  await settled(first);
});
afterEach(async () => {
  for (const pod of opened.splice(0).toReversed()) await pod.close();
});

/** A process of the service, beside another one or by itself; its engine is real and its calls are counted. */
async function open(env: Readonly<Record<string, string>>, beside?: SearchUnderTest): Promise<Pod> {
  let asked = 0;
  const counted = (engine: SearchEngine): SearchEngine => ({
    ...engine,
    search: (query) => {
      asked += 1;
      return engine.search(query);
    },
    suggest: (query) => {
      asked += 1;
      return engine.suggest(query);
    },
  });
  const under = await createSearchUnderTest({
    env,
    engines: (postgres) => ({ main: counted(postgres), fallback: null }),
    ...(beside === undefined ? {} : { beside }),
  });
  opened.push(under);
  await under.service.start();
  return { ...under, asked: () => asked };
}

/** Questions so far by who asked: the sale's pages, or people whom the engine answered or who got what was kept. */
async function told(pod: Pod): Promise<{ warm: number; answered: number; kept: number }> {
  const metrics = await pod.registry.getMetricsAsJSON();
  const values = metrics.find(({ name }) => name === 'evently_search_query_duration_seconds')?.values ?? [];
  const counts = { warm: 0, answered: 0, kept: 0 };
  for (const { value, labels, ...rest } of values) {
    if (!('metricName' in rest) || !String(rest.metricName).endsWith('_count')) continue;
    if (labels['kind'] === 'trending') continue;
    if (labels['kind'] === 'warm') counts.warm += value;
    else if (labels['outcome'] === 'kept') counts.kept += value;
    else counts.answered += value;
  }
  return counts;
}

async function warm(pod: Pod, eventId: string) {
  const answer = await send(pod, 'POST', '/internal/prewarm', { key: apiKey, body: { event_id: eventId } });
  return warmAnswer.parse(answer.body).warm;
}

/** What people ask who come for an event, as they write it. */
async function visit(pod: Pod, name: string, city: string, type: string): Promise<number> {
  const begun = Array.from({ length: 6 }, (_, index) => name.slice(0, index + 1));
  const paths = [
    `?q=${encodeURIComponent(name)}`,
    `?q=${encodeURIComponent(name.toUpperCase())}&page=1&limit=20`,
    `?city=${city}`,
    `?city=${city.toLowerCase()}&type=${type}`,
    `?type=${type}`,
    '',
    '/filters',
    ...begun.map((typed) => `/suggestions?q=${encodeURIComponent(typed)}`),
  ];
  for (const path of paths) expect((await send(pod, 'GET', `/api/v1/search${path}`)).status).toBe(200);
  return paths.length;
}

test('when people come for a sale that was warmed, the engine is asked no more', async () => {
  expect((await warm(first, event)).map(({ result }) => result)).toEqual(Array(4).fill('warm'));
  const visits = await visit(first, 'Arijit Live', 'Mumbai', 'concert');
  const { answered, kept: given, warm: warmed } = await told(first);
  expect({ answered, given }).toEqual({ answered: 0, given: visits });
  // The counts are the engine's own: what it was asked was warming.
  await vi.waitFor(async () => expect(first.asked()).toBe((await told(first)).warm), longest);
  expect(warmed).toBeGreaterThan(0);
});

test('for a sale that nobody warmed, the engine is asked by those who come', async () => {
  await warm(first, event);
  await visit(first, 'Quiet Chess', 'Pune', 'games');
  // But for the start page, the filters: those are everybody's.
  expect((await told(first)).answered).toBeGreaterThanOrEqual(9);
});

test('processes that were not told, or start later, are warm as well', async () => {
  const beside = await open(kept, first);
  const tasks = await warm(first, event);
  const questions = tasks.reduce((sum, { task, items }) => sum + (/queries|sugg/.test(task) ? items : 0), 0);
  await vi.waitFor(async () => expect((await told(beside)).warm).toBeGreaterThanOrEqual(questions), longest);
  const later = await open(kept, first);
  await vi.waitFor(async () => expect((await told(later)).warm).toBeGreaterThanOrEqual(questions), longest);
  for (const pod of [beside, later]) {
    const visits = await visit(pod, 'Arijit Live', 'Mumbai', 'concert');
    expect(await told(pod)).toMatchObject({ answered: 0, kept: visits });
  }
});

test('what is kept warm is asked again and again, and shows what is sold out', async () => {
  const pod = await open({ SEARCH_KEEP_MS: '200' }, first);
  const asked = (await warm(pod, event)).find(({ task }) => task === 'queries')?.items ?? 0;
  await vi.waitFor(async () => expect((await told(pod)).warm).toBeGreaterThan(5 * asked), longest);
  await tellStock(first, event, 1, 0);
  await vi.waitFor(
    async () => expect((await search(pod, 'q=arijit+live')).results[0]).toMatchObject({ status: 'sold_out' }),
    longest,
  );
});

test('an hour later, or when an event is gone, nothing of it is asked any more', async () => {
  let asked = 0;
  const ask = () => {
    asked += 1;
    return Promise.resolve({ ok: false } as const);
  };
  const port = { warm: ask, warmSuggestions: ask };
  const { db } = first.database;
  const deps = { db, port, clock: systemClock, log: createLogger('test', 'silent') };
  const askedInRound = async (): Promise<boolean> => {
    asked = 0;
    await createHotRounds(deps, 1)();
    return asked > 0;
  };
  expect(await askedInRound()).toBe(false);
  await warm(first, event);
  await warm(first, other);
  expect(await askedInRound()).toBe(true);
  await tellDocument(first, other, 2, null);
  await db.query({ name: 'test-age', text: `update hot_events set until = until - interval '59 minutes'` });
  expect(await askedInRound()).toBe(true);
  await db.query({ name: 'test-end', text: `update hot_events set until = until - interval '1 minute'` });
  expect(await askedInRound()).toBe(false);
});

test('however slow the engine is, a fifth of the time is spent on asking ahead at most', async () => {
  const { db } = first.database;
  await warm(first, event);
  let spentMs = 0;
  const slow = async () => {
    const beganMs = performance.now();
    await delay(10);
    spentMs += performance.now() - beganMs;
    return { ok: true, value: null } as const;
  };
  const port = { warm: slow, warmSuggestions: slow };
  const round = createHotRounds({ db, port, clock: systemClock, log: createLogger('test', 'silent') }, 1);
  await round();
  const spentInFirstMs = spentMs;
  expect(spentInFirstMs).toBeGreaterThan(0);
  const beganMs = performance.now();
  // Everything is due again at once; the second round that asks comes after four times what the first took.
  while (spentMs === spentInFirstMs) {
    await delay(1);
    await round();
  }
  const secondTookMs = spentMs - spentInFirstMs;
  expect(performance.now() - beganMs - secondTookMs).toBeGreaterThanOrEqual(4 * spentInFirstMs * 0.99);
});

test('where no answer is kept nothing is asked ahead, and warming says what it did', async () => {
  const pod = await open({ SEARCH_KEEP_MS: '0' }, first);
  const questions = (await warm(pod, event)).reduce((sum, { task, items }) => {
    return sum + (/queries|sugg/.test(task) ? items : 0);
  }, 0);
  await vi.waitFor(async () => expect((await told(first)).warm).toBeGreaterThanOrEqual(questions), longest);
  expect((await told(pod)).warm).toBe(questions);
});

test('an event that nobody knows fails with a reason, and is warm once it is known', async () => {
  const later = randomUUID();
  expect((await warm(first, later))[1]).toMatchObject({
    task: 'queries',
    result: 'failed',
    error: 'there is no such event to be found, or not yet',
  });
  const before = (await told(first)).warm;
  await tellDocument(first, later, 1, makeCatalogDocument({ name: 'Known at last' }));
  await vi.waitFor(async () => expect((await told(first)).warm).toBeGreaterThan(before), longest);
});
