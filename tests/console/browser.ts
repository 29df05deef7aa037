/** A browser that keeps account of what a page does: what it complains of, and whom it calls. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { chromium as playwright, type Browser, type Page } from 'playwright-core';
import { chromiumFlags } from '@evently/testkit/engines/chromium';

export type Look = { width: number; height: number; colorScheme: 'light' | 'dark' };

/** A desk and a phone, by day and by night. */
export const looks: readonly Look[] = [1280, 360].flatMap((width) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ width, height: 900, colorScheme })),
);

export type Watched = {
  page: Page;
  /** Errors and warnings of the page's console, and exceptions. */
  complaints: string[];
  /** Origins that were asked for anything. */
  origins: Set<string>;
  close: () => Promise<void>;
};

const actionMs = 20_000;

/** `program` as `requireEngine` answers it. */
export async function launchBrowser(program: string): Promise<Browser> {
  return playwright.launch({ executablePath: await fileOf(program), args: [...chromiumFlags] });
}

/** Playwright takes a file and no name that PATH knows. */
async function fileOf(program: string): Promise<string> {
  if (program.includes(path.sep)) return program;
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.join(folder, program);
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  throw new Error(`${program} was found, and is in no folder of PATH`);
}

/** A page of its own, without cookies or cache of others. */
export async function openPage(browser: Browser, look: Look): Promise<Watched> {
  const { width, height, colorScheme } = look;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  context.setDefaultTimeout(actionMs);
  const page = await context.newPage();
  const complaints: string[] = [];
  const origins = new Set<string>();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  return { page, complaints, origins, close: () => context.close() };
}

/** What the page shows under `data-figure`, as numbers. */
export async function figuresOf(page: Page): Promise<Record<string, number>> {
  const shown = await page
    .locator('[data-figure]')
    .evaluateAll((places) =>
      places.map((place) => [place.getAttribute('data-figure') ?? '', place.textContent ?? ''] as const),
    );
  return Object.fromEntries(
    shown.map(([name, text]) => [
      name,
      /^[\d,]+$/.test(text) ? Number(text.replaceAll(',', '')) : Number.NaN,
    ]),
  );
}

/** How far the page is wider than the window; what is wider scrolls sideways, which nobody reads. */
export function overflowOf(page: Page): Promise<number> {
  return countIn(page, 'document.documentElement.scrollWidth - window.innerWidth');
}

/** How many of the charts' canvases have anything on them. */
export function drawnCharts(page: Page): Promise<number> {
  return countIn(
    page,
    `[...document.querySelectorAll('.plot canvas')].filter((place) =>
       place.getContext('2d').getImageData(0, 0, place.width, place.height).data.some((value) => value !== 0)).length`,
  );
}

/** As text, because the tests know no types of a page. */
async function countIn(page: Page, expression: string): Promise<number> {
  return Number(await page.evaluate(expression));
}
