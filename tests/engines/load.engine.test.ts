/** The scripts of `load/` on a real k6, at small size, against a started platform. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createStandalone, type Standalone } from '@evently/standalone/standalone';
import { requireEngine } from '@evently/testkit/engines/engine';
import { k6 } from '@evently/testkit/engines/k6';
import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest';
import { z } from 'zod';
import { objectiveNamed, readObjectives } from '../../monitoring/slo/objectives.ts';
import {
  brokenThresholds,
  prepareRun,
  run,
  runScript,
  type LoadSummary,
  type PreparedRun,
} from './load-run.ts';

const freePorts = [
  'STANDALONE_PORT',
  'METRICS_PORT',
  'USER_PORT',
  'EVENT_PORT',
  'SEARCH_PORT',
  'BOOKING_PORT',
  'PAYMENT_PORT',
];
const stock = z.object({ available_seats: z.number() });
const verified = z.object({
  findings: z.array(z.looseObject({ violations: z.looseObject({ count: z.number() }) })),
});
const pollMs = 50;
const pollDeadlineMs = 60_000;

let folder = '';
let standalone: Standalone;
let environment: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-load-'));
  await chmod(folder, 0o755);
  const PATH = process.env['PATH'] ?? '';
  const ports = Object.fromEntries(freePorts.map((name) => [name, '0']));
  standalone = await createStandalone({
    env: { PATH, ...ports, EVENTLY_DATA_DIR: folder, EVENTLY_LOAD_TEST: '1' },
  });
  // A busy machine may stall for seconds: that is slow, not wrong.
  environment = { PATH, HOME: folder, EVENTLY_DATA_DIR: folder, VUS: '400', P99_MS: '30000' };
  await evently('seed');
});
afterAll(async () => {
  await standalone.close();
  await rm(folder, { recursive: true, force: true });
});

const evently = (...args: string[]) => run(process.execPath, ['cli/bin/evently.js', ...args], environment);

type Sizes = Readonly<Record<string, string>>;
type Run = { code: number; stdout: string; summary: LoadSummary; prepared: PreparedRun };

// Four seconds of the arrivals of these tests: a machine that is busy elsewhere drops none of them.
const patientUsers = '400';

/** Prepares and runs `script`; `beside` goes on while k6 runs. */
async function load(
  { skip }: TestContext,
  script: string,
  sizes: Sizes,
  beside: (prepared: PreparedRun) => Promise<void> = () => Promise.resolve(),
): Promise<Run> {
  const program = await requireEngine(k6, skip);
  const env = { VUS: patientUsers, ...environment, ...sizes };
  const prepared = await prepareRun(script, folder, env);
  const [ended] = await Promise.all([runScript(program, script, prepared, env), beside(prepared)]);
  return { ...ended, prepared };
}

test('on-sale: the house is full to the last seat, and everyone else was told so', async (context) => {
  const { code, stdout, summary } = await load(context, 'on-sale', {
    RATE: '100',
    DURATION_SECONDS: '4',
    SEATS: '300',
  });
  expect([code, brokenThresholds(summary)]).toEqual([0, []]);
  expect(summary).toMatchObject({ passed: true, dropped_iterations: 0, house: { seats: 300, taken: 300 } });
  expect(summary.outcomes).toMatchObject({ sold: 300, sold_out: summary.arrivals - 300, failed: 0 });
  expect(summary.latency_ms).toMatchObject({ winners: { count: 300 } });
  expect(stdout).toContain('300 of 300 seats taken');
});

test('ramp: every arrival of a rising rate gets its seat', async (context) => {
  const { code, summary } = await load(context, 'ramp', {
    START_RATE: '20',
    RATE: '100',
    DURATION_SECONDS: '4',
  });
  expect([code, brokenThresholds(summary)]).toEqual([0, []]);
  expect(summary.arrivals).toBeGreaterThan(200);
  expect(summary.outcomes).toMatchObject({ sold: summary.arrivals, sold_out: 0, failed: 0 });
  expect(summary.house?.taken).toBe(summary.arrivals);
});

test('sold-out-storm: a full house sells nothing more', async (context) => {
  const { code, summary } = await load(context, 'sold-out-storm', {
    RATE: '100',
    DURATION_SECONDS: '4',
    SEATS: '42',
  });
  expect([code, brokenThresholds(summary)]).toEqual([0, []]);
  expect(summary).toMatchObject({ house: { seats: 42, taken: 42 } });
  expect(summary.outcomes).toMatchObject({ sold: 42, sold_out: summary.arrivals, failed: 0 });
  expect(summary.arrivals).toBeGreaterThanOrEqual(400);
});

test('browse: every read is answered with what was asked for', async (context) => {
  const { code, summary } = await load(context, 'browse', {
    RATE: '120',
    DURATION_SECONDS: '3',
    EVENTS: '3',
  });
  expect([code, brokenThresholds(summary)]).toEqual([0, []]);
  expect(summary.outcomes).toMatchObject({ read: summary.arrivals, failed: 0, sold: 0 });
  expect(Object.keys(summary.latency_ms)).toEqual(['availability', 'detail', 'list']);
});

test('soak: what is taken in the end is what was bought and not given back', async (context) => {
  const { code, summary } = await load(context, 'soak', {
    RATE: '20',
    READ_RATE: '20',
    DURATION_SECONDS: '5',
    EVENTS: '2',
  });
  expect([code, brokenThresholds(summary)]).toEqual([0, []]);
  const { sold = 0, confirmed = 0, cancelled = 0 } = summary.outcomes;
  expect(sold).toBeGreaterThanOrEqual(100);
  expect(confirmed).toBeGreaterThanOrEqual(70);
  expect(cancelled).toBeGreaterThanOrEqual(30);
  expect(summary.house?.taken).toBe(sold - cancelled);
});

test('control: a latency that nothing can keep fails the run with 99, and nothing else does', async (context) => {
  const { code, stdout, summary } = await load(context, 'on-sale', {
    RATE: '50',
    DURATION_SECONDS: '1',
    SEATS: '20',
    P99_MS: '0',
  });
  expect(code).toBe(99);
  expect(brokenThresholds(summary)).toEqual(['losers_ms p(99)<0', 'winners_ms p(99)<0']);
  expect(stdout).toContain('on-sale: FAILED');
});

test('who names no latency gets those of the objectives', async (context) => {
  const sizes = { RATE: '50', DURATION_SECONDS: '1', SEATS: '20', P99_MS: '' };
  const { summary } = await load(context, 'on-sale', sizes);
  const objectives = readObjectives();
  const answered = objectiveNamed(objectives, 'reserve-availability');
  const quick = objectiveNamed(objectives, 'reserve-latency');
  if (quick.kind !== 'latency') throw new Error('reserve-latency is no objective of latency');
  // Whether a busy machine reaches them is another matter.
  expect(summary.thresholds.map(({ metric, expression }) => `${metric} ${expression}`)).toEqual(
    expect.arrayContaining([
      `losers_ms p(99)<${quick.within_ms}`,
      `winners_ms p(99)<${quick.within_ms}`,
      `reserve_answered rate>=${answered.target}`,
    ]),
  );
});

test('control: a house that did not fill fails the run', async (context) => {
  const { code, summary } = await load(context, 'on-sale', {
    RATE: '50',
    DURATION_SECONDS: '1',
    SEATS: '500',
  });
  expect([code, brokenThresholds(summary)]).toEqual([99, ['sold count==500']]);
});

test('control: a seat that was sold to somebody else fails the books', async (context) => {
  const sizes = { START_RATE: '20', RATE: '40', DURATION_SECONDS: '3' };
  const { code, summary } = await load(context, 'ramp', sizes, async ({ events, tokens }) => {
    const [event] = events;
    if (event === undefined) throw new Error('the ramp has no event');
    await untilSelling(event.event_id, event.seats);
    const answer = await fetch(`${standalone.runtime.gateway.url}/api/booking/bookings/reserve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.at(-1)}` },
      body: JSON.stringify({ event_id: event.event_id, quantity: 1, idempotency_key: 'a stranger' }),
    });
    expect(answer.status).toBe(200);
  });
  expect([code, brokenThresholds(summary)]).toEqual([99, ['unaccounted count==0']]);
});

test('an event that has sold before is refused, because its books could not be told apart', async (context) => {
  const sizes = { RATE: '50', DURATION_SECONDS: '1', SEATS: '20' };
  const { code, prepared } = await load(context, 'on-sale', sizes);
  expect(code).toBe(0);
  const again = await runScript(await requireEngine(k6, context.skip), 'on-sale', prepared, environment);
  expect([again.code, again.summary.passed]).toEqual([107, false]);
  expect(again.stderr).toContain('20 seats');
});

test('every invariant holds after all of it', async ({ skip }) => {
  await requireEngine(k6, skip);
  const { code, stdout } = await evently('verify', '--json');
  const { findings } = verified.parse(JSON.parse(stdout));
  expect([code, findings.filter(({ violations }) => violations.count > 0)]).toEqual([0, []]);
  expect(findings.length).toBeGreaterThan(15);
});

/** Returns once k6 has sold the first seat: its look at the empty house is over. */
async function untilSelling(eventId: string, seats: number): Promise<void> {
  const url = `${standalone.runtime.gateway.url}/api/booking/bookings/check-availability?event_id=${eventId}&quantity=1`;
  const giveUpAtMs = performance.now() + pollDeadlineMs;
  while (performance.now() < giveUpAtMs) {
    const { available_seats } = stock.parse(await (await fetch(url)).json());
    if (available_seats < seats) return;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`k6 sold nothing in ${pollDeadlineMs} ms`);
}
