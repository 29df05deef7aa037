import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { Principal, TokenVerifier } from '@evently/kit/auth';
import { createLogger } from '@evently/kit/log';
import type { ConsoleAccess } from '../access.ts';
import { createConsole, type Console } from './console.ts';
import { createConsoleFeed, feedLimits, type FeedLimits, type Viewer } from './feed.ts';
import { reportJson, type ReportSummary } from './report-folder.ts';

const log = createLogger('test', 'silent');
const quick: FeedLimits = { ...feedLimits, everyMs: 5, lingerMs: 20 };
const principal = (role: Principal['role']): Principal => ({
  id: '00000000-0000-7000-8000-000000000001',
  role,
  permissions: [],
  expiresAtMs: 0,
});
const verifier: TokenVerifier = {
  verify: (token) => (token === 'admin' || token === 'user' ? principal(token) : null),
  verifyNow: () => null,
  loadKeys: () => Promise.resolve([]),
};

let folder = '';
let sold: Counter;
const opened: { close: () => Promise<void> }[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-console-'));
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await rm(folder, { recursive: true, force: true });
});

function open(access: ConsoleAccess, limits: FeedLimits = quick): Console {
  const registry = new Registry();
  sold = new Counter({
    name: 'evently_booking_tickets_sold_total',
    help: 'Tickets sold',
    labelNames: ['event'],
    registers: [registry],
  });
  const shown = createConsole({ registry, verifier, access, reportFolder: folder, log, limits });
  opened.push(shown);
  return shown;
}

type Sender = { address?: string; host?: string; headers?: Record<string, string>; method?: string };

async function ask(shown: Console, at: string, sender: Sender = {}): Promise<Response> {
  const { address = '127.0.0.1', host = '127.0.0.1:8080', headers = {}, method = 'GET' } = sender;
  const env = { incoming: { socket: { remoteAddress: address } } };
  return shown.app.fetch(new Request(`http://${host}${at}`, { headers, method }), env);
}
const statusOf = async (shown: Console, at: string, sender?: Sender): Promise<number> => {
  const answer = await ask(shown, at, sender);
  await answer.body?.cancel();
  return answer.status;
};

/** Messages of a stream until `done` says so; the test's own limit is the deadline. */
async function hear(answer: Response, done: (text: string) => boolean): Promise<string> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const part = await reader?.read();
    if (part === undefined || part.done) return text;
    text += part.value;
    if (!done(text)) continue;
    await reader?.cancel();
    return text;
  }
}

test('this machine sees the console; what was forwarded, has another name or comes from elsewhere does not', async () => {
  const shown = open('local');
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
    expect([address, await statusOf(shown, '/console', { address })]).toEqual([address, 200]);
  }
  const strangers: Sender[] = [
    { address: '10.0.0.7' },
    { address: '::ffff:10.0.0.7' },
    { headers: { 'x-forwarded-for': '127.0.0.1' } },
    { headers: { forwarded: 'for=127.0.0.1' } },
    { host: 'rebound.example' },
    { host: 'localhost.example:8080' },
  ];
  for (const sender of strangers) {
    for (const at of ['/console', '/console/stream', '/console/reports/', '/console/reports.json']) {
      expect([sender, at, await statusOf(shown, at, sender)]).toEqual([sender, at, 403]);
    }
  }
  const page = await ask(shown, '/console', { address: '10.0.0.7' });
  expect(await page.text()).toContain('STANDALONE_CONSOLE=everyone');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
});

test("from elsewhere an administrator's token opens it, and no other", async () => {
  const shown = open('local');
  const statuses = await Promise.all(
    ['Bearer admin', 'Bearer user', 'Bearer nobody', 'Basic admin'].map((authorization) =>
      statusOf(shown, '/console/stream', { address: '10.0.0.7', headers: { authorization } }),
    ),
  );
  expect(statuses).toEqual([200, 403, 401, 401]);
});

test('a setting opens it to everyone, or hides it from all', async () => {
  const elsewhere = { address: '10.0.0.7', host: 'tickets.example' };
  expect(await statusOf(open('everyone'), '/console', elsewhere)).toBe(200);
  expect(await statusOf(open('off'), '/console')).toBe(404);
  expect(await statusOf(open('off'), '/console/stream')).toBe(404);
});

test('the page runs and loads what comes from here, and the stream is no document', async () => {
  const shown = open('local');
  const page = await ask(shown, '/console');
  const text = await page.text();
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  expect(text).not.toMatch(/<script(?![^>]*src="\/assets\/)|style=|https?:\/\//);
  expect(text).toContain('npx evently drill');
  const stream = await ask(shown, '/console/stream');
  expect(stream.headers.get('content-type')).toBe('text/event-stream');
  expect(stream.headers.get('cache-control')).toBe('no-store');
  await stream.body?.cancel();
});

const historyIn = (text: string): number[] => {
  const frames = z.object({ frames: z.array(z.object({ at_ms: z.number() })) });
  const told = /event: history\ndata: (.*)/.exec(text)?.[1] ?? '';
  return frames.parse(JSON.parse(told)).frames.map((frame) => frame.at_ms);
};

test('a stream tells history, then each frame, and goes on where its reader was', async () => {
  const shown = open('local');
  const twoFrames = /event: frame[^]*event: frame.*\n.*\n\n/;
  const first = await hear(await ask(shown, '/console/stream'), (text) => twoFrames.test(text));
  expect(historyIn(first)).toEqual([]);
  const heard = [...first.matchAll(/^id: (.+)\nevent: frame\ndata: \{"at_ms":(\d+)/gm)];
  const [, lastId = '', lastAt = ''] = heard.at(-1) ?? [];
  const isWhole = (text: string): boolean => text.includes('event: report');
  const resumed = await hear(
    await ask(shown, '/console/stream', { headers: { 'last-event-id': lastId } }),
    isWhole,
  );
  expect(historyIn(resumed).every((atMs) => atMs > Number(lastAt))).toBe(true);
  const anew = await hear(await ask(shown, '/console/stream?after=another-process.1'), isWhole);
  expect(historyIn(anew)).toContain(Number(lastAt));
  expect(historyIn(anew).length).toBeGreaterThanOrEqual(2);
});

test('what is sold between two frames is told per second', async () => {
  const shown = open('local');
  const answer = await ask(shown, '/console/stream');
  await expect.poll(shown.feed.isReading).toBe(true);
  sold.inc({ event: 'e' }, 3);
  const heard = await hear(answer, (text) => /"sold_per_second":[1-9]/.test(text));
  expect(heard).toContain('"e":{');
});

test('the metrics are read while somebody looks, and for a moment after', async () => {
  const { feed } = open('local');
  expect(feed.isReading()).toBe(false);
  const silent: Viewer = { send: () => true, end: () => {} };
  const leave = feed.watch(silent, null);
  expect([feed.isReading(), feed.viewers()]).toEqual([true, 1]);
  leave?.();
  expect([feed.isReading(), feed.viewers()]).toEqual([true, 0]);
  await expect.poll(feed.isReading).toBe(false);
});

test('so many may watch and no more; a HEAD takes no place', async () => {
  const shown = open('local', { ...quick, maxViewers: 1 });
  expect(await statusOf(shown, '/console/stream', { method: 'HEAD' })).toBe(200);
  await expect.poll(shown.feed.viewers).toBe(0);
  const watching = await ask(shown, '/console/stream');
  const refused = await ask(shown, '/console/stream');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await refused.json()).toMatchObject({ code: 'too_many_streams' });
  await watching.body?.cancel();
  await expect.poll(() => statusOf(shown, '/console/stream')).toBe(200);
});

test('a stream ends after its time, when its reader is too slow, and when the platform does', async () => {
  const short = open('local', { ...quick, lifetimeMs: 10 });
  expect(await hear(await ask(short, '/console/stream'), () => false)).toContain('retry: 1000');
  const { feed } = open('local');
  let ended = 0;
  const slow: Viewer = { send: () => false, end: () => void (ended += 1) };
  feed.watch(slow, null);
  await expect.poll(() => ended).toBe(1);
  const last = open('local');
  const answer = await ask(last, '/console/stream');
  await last.close();
  expect(await hear(answer, () => false)).toContain('event: history');
  expect(await statusOf(last, '/console/stream')).toBe(503);
});

test('metrics that cannot be read keep the reader, and the next second tries again', async () => {
  let reads = 0;
  const feed = createConsoleFeed(
    {
      read: () => {
        reads += 1;
        return reads < 3
          ? Promise.reject(new Error('away'))
          : Promise.resolve({ atMs: reads, samples: new Map() });
      },
      newestReport: () => Promise.resolve(null),
      epoch: 'x',
      log,
    },
    quick,
  );
  opened.push(feed);
  let heard = '';
  const viewer: Viewer = {
    send: (bytes) => {
      heard += new TextDecoder().decode(bytes);
      return true;
    },
    end: () => {},
  };
  feed.watch(viewer, null);
  await expect.poll(() => heard).toContain('event: frame');
  expect(heard).toContain(': the metrics could not be read');
});

const summary: ReportSummary = {
  written_at: '2026-11-20T19:00:00.000Z',
  title: '300 buyers for <b>299</b> seats',
  event_id: 'e',
  event_name: 'Drill',
  capacity: 299,
  sold: 0,
  held: 299,
  available: 0,
  oversold: 0,
  source: 'drill',
  faults: [],
};

test('reports are listed newest first, with what their first line says; other files are no reports', async () => {
  const put = (name: string, text: string): Promise<void> => writeFile(path.join(folder, name), text);
  await put('20261120t190000-000z-300x299-aaaa.json', reportJson(summary, { rest: 'x'.repeat(20_000) }));
  await put('20261120t190000-000z-300x299-aaaa.html', '<p>first</p>');
  await put('20261121t190000-000z-10x1-bbbb.json', reportJson({ ...summary, title: 'Second' }, {}));
  await put('note.json', '{"anything": 1}');
  await put('NOTE.JSON', 'x');
  const shown = open('local');
  const answer: unknown = await (await ask(shown, '/console/reports.json')).json();
  expect(answer).toMatchObject({ reports: [{ summary: { title: 'Second' } }, { summary }], older: 0 });
  const page = await (await ask(shown, '/console/reports/')).text();
  expect(page).toContain('299 of 299');
  expect(page).not.toContain('<b>');
});

test('a report is given out by its name alone, and may run nothing', async () => {
  await writeFile(path.join(folder, 'one.html'), '<p>one</p>');
  await writeFile(path.join(folder, 'one.json'), reportJson(summary, { more: 1 }));
  await symlink('/etc', path.join(folder, 'link.html'));
  const shown = open('local');
  const page = await ask(shown, '/console/reports/one.html');
  expect(await page.text()).toBe('<p>one</p>');
  expect(page.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'unsafe-inline'; /,
  );
  const told: unknown = await (await ask(shown, '/console/reports/one.json')).json();
  expect(told).toMatchObject({ summary, more: 1 });
  for (const at of ['two.html', 'one.txt', '..%2F..%2Fsecrets.json', 'One.html', 'link.html', '.html']) {
    expect([at, await statusOf(shown, `/console/reports/${at}`)]).toEqual([at, 404]);
  }
});

test('a folder without reports says how to make one', async () => {
  expect(await (await ask(open('local'), '/console/reports/')).text()).toContain('npx evently drill');
});
