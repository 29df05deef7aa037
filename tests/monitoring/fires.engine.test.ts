/** The alerts on a real Prometheus that watches a real platform: silent while all is well, and at once when a seat is sold twice. */
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createStandalone, type Standalone } from '@evently/standalone/standalone';
import { requireEngine } from '@evently/testkit/engines/engine';
import { prometheus } from '@evently/testkit/engines/prometheus';
import type { FiringAlert } from '@evently/testkit/engines/prometheus-answers';
import { startPrometheus, type PrometheusServer } from '@evently/testkit/engines/prometheus-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertsByFile } from '../../monitoring/alerts/all-alerts.ts';
import { command, freePorts, root, runTyped } from '../typed-command.ts';

const deadlineMs = 90_000;
let folder = '';
let standalone: Standalone;
let server: PrometheusServer | null = null;
let missing = '';
let environment: Record<string, string> = {};

/** The rules as they are, looked at each second instead of each quarter of a minute. */
const ruleFiles = Object.fromEntries(
  Object.keys(alertsByFile()).map((at) => [
    path.basename(at),
    readFileSync(path.join(root, at), 'utf8').replaceAll(/interval: \d+s/g, 'interval: 1s'),
  ]),
);

beforeAll(async () => {
  const program = await requireEngine(prometheus, (note) => {
    // A hook cannot skip: each test says what is missing.
    missing = note;
    throw new Error(note);
  }).catch((error: Error) => {
    if (missing === '') throw error;
    return null;
  });
  if (program === null) return;
  folder = await mkdtemp(path.join(tmpdir(), 'evently-fires-'));
  await chmod(folder, 0o755);
  const PATH = process.env['PATH'] ?? '';
  standalone = await createStandalone({
    env: { PATH, ...freePorts, EVENTLY_DATA_DIR: folder, EVENTLY_LOAD_TEST: '1' },
  });
  environment = { PATH, HOME: folder, EVENTLY_DATA_DIR: folder };
  await evently('seed');
  server = await startPrometheus({
    program,
    files: ruleFiles,
    configuration: `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ['*.rules.yaml']
scrape_configs:
  - job_name: standalone
    honor_labels: true
    static_configs: [{ targets: ['127.0.0.1:${standalone.runtime.ports.metrics}'] }]
`,
  });
});
afterAll(async () => {
  await server?.stop();
  if (folder === '') return;
  await standalone.close();
  await rm(folder, { recursive: true, force: true });
});

async function evently(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runTyped(process.execPath, [command, ...args], environment);
  if (code !== 0) throw new Error(`evently ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/** As a person at a prompt; answers what is shown. */
async function atBooking(sql: string): Promise<string> {
  const args = [command, 'psql', '--built-in', '--service', 'booking'];
  const { code, stdout, stderr } = await runTyped(process.execPath, args, environment, `${sql}\n`);
  if (code !== 0) throw new Error(`"${sql}" failed: ${stderr}`);
  return stdout;
}

async function firing(watching: PrometheusServer): Promise<FiringAlert[]> {
  return (await watching.alerts()).filter(({ state }) => state === 'firing');
}

function watcher(skip: (note: string) => never): PrometheusServer {
  if (missing !== '') skip(missing);
  if (server === null) throw new Error('Prometheus was not started');
  return server;
}

test('a platform that sells a house out raises no alert', async ({ skip }) => {
  const watching = watcher(skip);
  await expect
    .poll(() => watching.query('max(evently_booking_oversold_tickets) == 0'), { timeout: deadlineMs })
    .toHaveLength(1);
  await evently('drill', '--only', '300x299', '--check');
  await expect
    .poll(() => watching.query('max(evently_booking_sale_phase_info{phase="open"}) == 1'), {
      timeout: deadlineMs,
    })
    .toHaveLength(1);
  // How fast a machine is that does all of this at once is not asked here.
  const slow = new Set(['EventlyReserveSlow', 'EventlyEventLoopLags', 'EventlyPoolWaits']);
  expect((await firing(watching)).filter(({ name }) => !slow.has(name))).toEqual([]);
});

const anEventOnSale = `select s.event_id from event_sales s join inventory i using (event_id)
  where s.status = 'published' and s.sells_from <= clock_timestamp() and s.sells_until > clock_timestamp()
  group by 1 order by sum(i.capacity) limit 1;`;

test('a booking that is one too many fires at the first look that sees it', async ({ skip }) => {
  const watching = watcher(skip);
  const event = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(await atBooking(anEventOnSale))?.[0] ?? '';
  expect(event).not.toBe('');
  await atBooking(`
    insert into bookings (id, event_id, user_id, idempotency_key, tier_ids, quantities, unit_prices, quantity,
      total_minor, currency, status, created_at, first_expires_at, expires_at)
    select gen_random_uuid(), i.event_id, gen_random_uuid(), 'by hand', array[i.tier_id], array[i.capacity + 1],
      array[i.price_minor], i.capacity + 1, i.price_minor * (i.capacity + 1), s.currency, 'confirmed',
      clock_timestamp(), clock_timestamp(), clock_timestamp() + interval '1 hour'
    from inventory i join event_sales s using (event_id) where i.event_id = '${event}';
    update event_sales set version = version + 1 where event_id = '${event}';`);
  await expect
    .poll(async () => (await firing(watching)).filter(({ name }) => name === 'EventlyOversold'), {
      timeout: deadlineMs,
    })
    .toEqual([expect.objectContaining({ labels: expect.objectContaining({ severity: 'page', event }) })]);
});

test('counters that say more than the capacity fire as well, once somebody took their constraint away', async ({
  skip,
}) => {
  const watching = watcher(skip);
  await atBooking(`alter table inventory drop constraint inventory_balances;
    update inventory set sold = sold + capacity + 1 where event_id in (${anEventOnSale.replace(';', '')});`);
  await expect
    .poll(async () => (await firing(watching)).map(({ name }) => name), { timeout: deadlineMs })
    .toContain('EventlyStockBeyondCapacity');
});
