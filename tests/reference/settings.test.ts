import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { pagePath, writeSettingsPage } from './settings-page.ts';

test('the page of settings says what is declared: "make settings" writes it', async () => {
  const page = await readFile(path.join(import.meta.dirname, '..', '..', pagePath), 'utf8');
  expect(page).toBe(writeSettingsPage());
  expect(page).toContain('| `BOOKING_DATABASE_URL` | _required_ |');
  expect(page.match(/^\| `[A-Z]/gm)?.length).toBeGreaterThan(90);
});
