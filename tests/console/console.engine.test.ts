/** The console and the sale reports in a real browser during a real sale: its numbers are those of `verify`. */
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { createStandalone, type Standalone } from '@evently/standalone/standalone';
import { chromium } from '@evently/testkit/engines/chromium';
import { requireEngine } from '@evently/testkit/engines/engine';
import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest';
import { z } from 'zod';
import { command, freePorts, runTyped } from '../typed-command.ts';
import { drawnCharts, figuresOf, launchBrowser, looks, openPage, overflowOf } from './browser.ts';

const seats = 130;
const buyers = 100;
const bought = 3;

const shownMs = 20_000;
const largestReport = 2_000_000;

let folder = '';
let pictures = '';
let standalone: Standalone;
let browser: Browser | null = null;
let environment: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-console-'));
  await chmod(folder, 0o755);
  // A folder that is named is kept, for whoever wants to look at the pictures.
  pictures = process.env['EVENTLY_SCREENSHOTS'] ?? path.join(folder, 'screenshots');
  await mkdir(pictures, { recursive: true });
  standalone = await createStandalone({
    env: { PATH: process.env['PATH'], ...freePorts, EVENTLY_DATA_DIR: folder },
  });
  environment = {
    PATH: process.env['PATH'] ?? '',
    EVENTLY_DATA_DIR: folder,
    EVENTLY_URL: standalone.runtime.gateway.url,
  };
  await evently('seed');
});
afterAll(async () => {
  await browser?.close();
  await standalone.close();
  await rm(folder, { recursive: true, force: true });
});

async function evently(...args: string[]): Promise<string> {
  const ended = await runTyped(process.execPath, [command, ...args], environment);
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  return ended.stdout;
}

async function openBrowser({ skip }: TestContext): Promise<Browser> {
  browser ??= await launchBrowser(await requireEngine(chromium, skip));
  return browser;
}

const verified = z.object({
  ok: z.boolean(),
  books: z.object({ sold: z.int(), held: z.int(), available: z.int(), oversold: z.int() }),
});
type Books = z.output<typeof verified>['books'];

async function verify(eventId: string): Promise<Books> {
  const { ok, books } = verified.parse(JSON.parse(await evently('verify', '--event', eventId, '--json')));
  expect(ok).toBe(true);
  return books;
}

const url = (at: string): string => standalone.runtime.gateway.url + at;

async function post(at: string, body: object, token?: string): Promise<unknown> {
  const answer = await fetch(url(at), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  expect(answer.status, `${at} answered ${answer.status}`).toBeLessThan(300);
  return answer.json();
}
const session = z.object({ access_token: z.string() });
const person = (email: string) => ({ email, password: '11111111' });

/** A published event with more seats than the drill has buyers, so that every state has a number. */
async function publishEvent(): Promise<string> {
  const admin = session.parse(await post('/api/event/auth/admin/login', person('atlanadmin@mail.com')));
  const venue = z
    .object({ venue_id: z.string() })
    .parse(
      await post(
        '/api/event/admin/venues',
        { name: 'Hall', address: '1 Road', city: 'Pune', country: 'India', capacity: seats },
        admin.access_token,
      ),
    );
  const starts = Date.now() + 30 * 86_400_000;
  const { event_id: eventId } = z.object({ event_id: z.string() }).parse(
    await post(
      '/api/event/admin/events',
      {
        name: 'An evening to look at',
        venue_id: venue.venue_id,
        event_type: 'concert',
        start_datetime: new Date(starts).toISOString(),
        end_datetime: new Date(starts + 7_200_000).toISOString(),
        total_capacity: seats,
        base_price: 10,
        currency: 'INR',
      },
      admin.access_token,
    ),
  );
  await post(`/api/event/admin/events/${eventId}/publish`, {}, admin.access_token);
  return eventId;
}

/** One buyer pays, so that not all that was taken is held. */
async function buy(eventId: string): Promise<void> {
  const { access_token: token } = session.parse(
    await post('/api/user/auth/login', person('atlan1@mail.com')),
  );
  const { reservation_id: reservationId } = z
    .object({ reservation_id: z.string() })
    .parse(
      await post(
        '/api/booking/reserve',
        { event_id: eventId, quantity: bought, idempotency_key: 'console' },
        token,
      ),
    );
  await post(
    '/api/booking/confirm',
    { reservation_id: reservationId, payment_token: 'tok', payment_method: 'card' },
    token,
  );
}

const shoot = (page: Page, name: string): Promise<Buffer> =>
  page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });

test('the console says what to do, follows a drill, and shows the numbers of verify', async (context) => {
  const chrome = await openBrowser(context);
  const desk = await openPage(chrome, { width: 1280, height: 900, colorScheme: 'light' });
  await desk.page.goto(url('/console'));
  await desk.page.getByText('Nobody is buying right now').waitFor();
  await expect.poll(() => figuresOf(desk.page), { timeout: shownMs }).toMatchObject({ sold: 0, held: 0 });
  await shoot(desk.page, 'before');

  const eventId = await publishEvent();
  const drilling = evently('drill', '--only', `${buyers}x${seats}`, '--event', eventId, '--json');
  await desk.page.getByText('An evening to look at: on sale').waitFor({ timeout: 60_000 });
  await shoot(desk.page, 'during');
  expect(await desk.page.getByText('Nobody is buying right now').isVisible()).toBe(false);
  expect(JSON.parse(await drilling)).toMatchObject({ ok: true, drills: [{ sold: buyers }] });
  await buy(eventId);

  const books = await verify(eventId);
  expect(books).toMatchObject({
    sold: bought,
    held: buyers,
    available: seats - buyers - bought,
    oversold: 0,
  });
  await expect
    .poll(() => figuresOf(desk.page), { timeout: shownMs })
    .toEqual({
      sold: books.sold,
      held: books.held,
      available: books.available,
      oversold: books.oversold,
    });
  await desk.page.getByRole('link', { name: 'The newest sale report' }).waitFor();
  expect(await drawnCharts(desk.page)).toBe(7);
  expect(desk.complaints).toEqual([]);
  expect([...desk.origins]).toEqual([standalone.runtime.gateway.url]);
  await desk.page.selectOption('#event', '');
  await expect.poll(async () => (await figuresOf(desk.page))['available']).toBeGreaterThan(seats);
  await desk.close();
});

test('a report opens from the console, and tells the numbers that verify told then', async (context) => {
  const chrome = await openBrowser(context);
  const { page, complaints, origins, close } = await openPage(chrome, {
    width: 1280,
    height: 900,
    colorScheme: 'dark',
  });
  await page.goto(url('/console'));
  await page.getByRole('link', { name: 'The newest sale report' }).click();
  await page.getByRole('heading', { name: `${buyers} buyers for ${seats} seats` }).waitFor();
  expect(await figuresOf(page)).toEqual({
    sold: 0,
    held: buyers,
    available: seats - buyers,
    oversold: 0,
    conflicts: 0,
  });
  await page.getByText('Buyers one by one').click();
  expect(await page.locator('details tbody tr').count()).toBe(buyers);
  await shoot(page, 'report-buyers');
  expect(complaints).toEqual([]);
  expect([...origins]).toEqual([standalone.runtime.gateway.url]);
  await close();
});

test('a report made afterwards tells what the database knows, equal to verify', async (context) => {
  const chrome = await openBrowser(context);
  const list = z.object({ reports: z.array(z.object({ summary: z.object({ event_id: z.string() }) })) });
  const { reports } = list.parse(await (await fetch(url('/console/reports.json'))).json());
  const eventId = reports[0]?.summary.event_id ?? '';
  await evently('report', '--event', eventId);
  const { page, complaints, close } = await openPage(chrome, {
    width: 1280,
    height: 900,
    colorScheme: 'light',
  });
  await page.goto(url('/console/reports/'));
  await page.getByRole('link', { name: 'An evening to look at' }).click();
  await page.getByRole('heading', { name: 'An evening to look at' }).waitFor();
  const { sold, held, available, oversold } = await verify(eventId);
  expect(await figuresOf(page)).toMatchObject({ sold, held, available, oversold });
  await shoot(page, 'report-afterwards');
  expect(complaints).toEqual([]);
  await close();
});

test('everything is readable on a desk and on a phone, by light and dark', async (context) => {
  const chrome = await openBrowser(context);
  const files = await readdir(path.join(folder, 'reports'));
  const report = files.find((file) => file.endsWith('.html')) ?? '';
  for (const look of looks) {
    const { page, complaints, close } = await openPage(chrome, look);
    for (const at of ['/console', '/console/reports/', `/console/reports/${report}`]) {
      const name = `${at === '/console' ? 'console' : at.endsWith('/') ? 'reports' : 'report'}-${look.width}-${look.colorScheme}`;
      await page.goto(url(at));
      if (at === '/console') await expect.poll(() => drawnCharts(page), { timeout: shownMs }).toBe(7);
      await shoot(page, name);
      expect([name, await overflowOf(page)]).toEqual([name, 0]);
    }
    expect(complaints).toEqual([]);
    await close();
  }
});

test('a report of a drill is one small file', async () => {
  for (const file of await readdir(path.join(folder, 'reports'))) {
    const { size } = await stat(path.join(folder, 'reports', file));
    expect([file, size < largestReport]).toEqual([file, true]);
  }
});
