/** The benchmark of reserving: one event, an open loop at a fixed rate, a fresh token for each buyer. */
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '@evently/kit/clock';
import { logInAdmin } from 'evently/api/accounts';
import { createFirstAdmin } from 'evently/api/admins';
import { createClient, type Client } from 'evently/api/client';
import { issueTokens } from 'evently/drill/buyers';
import { reserveRequests } from 'evently/drill/run-drill';
import { stageEvent } from 'evently/drill/stage';
import { createLatencyRecorder, type LatencySummary } from 'evently/generator/latency';
import { runOpenLoop, type LoadReport } from 'evently/generator/open-loop';
import { parseTarget, type Target } from 'evently/generator/request-bytes';
import { serviceUrl, type Runtime } from 'evently/runtime';
import { formatCount, formatMs, renderTable } from 'evently/screen/table';
import { startPlatform } from './standalone.ts';

type Bench = { client: Client; target: Target; adminToken: string; runtime: Runtime };
type Measured = { load: LoadReport; sold: number; other: Record<string, number>; latency: LatencySummary };

const admin = { email: 'bench@evently.example', password: 'bench-of-evently', name: 'Bench' };
const tokensPerCall = 20_000;
const connections = 1_024;
const deadlineMs = 10_000;
const spareSeats = 1_000;
const warmUp = { ratePerSecond: 2_000, seconds: 3 };
const targetP99Ms = 100;

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '5000' }, seconds: { type: 'string', default: '10' } },
});
const ratePerSecond = wholeNumberOf('--rate', values.rate, 100_000);
const seconds = wholeNumberOf('--seconds', values.seconds, 600);

const platform = await startPlatform();
process.once('SIGINT', () => void platform.stop().then(() => process.exit(1)));
try {
  const bench = await prepare(platform.runtime);
  console.log(`Warming up: ${formatCount(warmUp.ratePerSecond)} arrivals per second for ${warmUp.seconds} s`);
  await measure(bench, warmUp.ratePerSecond, warmUp.seconds);
  console.log(
    `Measuring: ${formatCount(ratePerSecond)} arrivals per second for ${seconds} s, open loop, one event`,
  );
  const measured = await measure(bench, ratePerSecond, seconds);
  report(measured);
  await keepResult(measured);
  process.exitCode = measured.sold === measured.load.offered ? 0 : 1;
} finally {
  await platform.stop();
}

async function prepare(runtime: Runtime): Promise<Bench> {
  const client = createClient(runtime.gateway.url);
  const target = parseTarget(runtime.gateway.url);
  if (target === null) throw new Error(`the gateway says it is at ${runtime.gateway.url}`);
  await createFirstAdmin(client, runtime.bootstrap_token, admin);
  return { client, target, adminToken: await logInAdmin(client, admin), runtime };
}

/** Every buyer reserves one seat of a house that has room for all, so that every answer is a sale. */
async function measure(bench: Bench, rate: number, forSeconds: number): Promise<Measured> {
  const count = rate * forSeconds;
  const tokens = await issueMany(bench.runtime, count);
  const event = await stageEvent(
    bench.client,
    bench.adminToken,
    `Bench ${rate}`,
    count + spareSeats,
    systemClock.now(),
  );
  const requests = reserveRequests(bench.target, event.eventId, tokens);
  const recorder = createLatencyRecorder();
  const other: Record<string, number> = {};
  let sold = 0;
  const load = await runOpenLoop({
    target: bench.target,
    count,
    ratePerSecond: rate,
    connections,
    deadlineMs,
    requestOf: (index) => requests[index] ?? Buffer.alloc(0),
    onAnswer: ({ latencyMs, outcome }) => {
      recorder.record(latencyMs);
      const result = outcome.kind === 'answered' ? String(outcome.response.status) : outcome.kind;
      if (result === '200') sold += 1;
      else other[result] = (other[result] ?? 0) + 1;
    },
  });
  return { load, sold, other, latency: recorder.summary() };
}

async function issueMany(runtime: Runtime, count: number): Promise<string[]> {
  const userService = createClient(serviceUrl(runtime, 'user'));
  const tokens: string[] = [];
  while (tokens.length < count) {
    const herd = await issueTokens(
      userService,
      runtime.api_key,
      Math.min(tokensPerCall, count - tokens.length),
    );
    if (herd.kind === 'unavailable') throw new Error(herd.reason);
    tokens.push(...herd.tokens);
  }
  return tokens;
}

function report({ load, sold, other, latency }: Measured): void {
  const errors = Object.entries(other).map(([result, count]) => `${formatCount(count)} x ${result}`);
  const rows = [
    ['Offered', formatCount(load.offered)],
    ['Sold', formatCount(sold)],
    ['Sold per second', formatCount((sold * 1_000) / load.durationMs)],
    ['Errors', errors.length === 0 ? 'none' : errors.join(', ')],
    ['p50', formatMs(latency.p50)],
    [
      'p99',
      `${formatMs(latency.p99)} (target: under ${targetP99Ms} ms, ${latency.p99 < targetP99Ms ? 'met' : 'missed'})`,
    ],
    ['p99.9', formatMs(latency.p999)],
    ['Longest', formatMs(latency.max)],
    ['Late starts', `${formatCount(load.lateStarts)} (worst ${formatMs(load.worstStartMs)})`],
  ];
  console.log(renderTable(['Reserve', `${os.availableParallelism()} cores, generator included`], rows));
}

async function keepResult({ load, sold, other, latency }: Measured): Promise<void> {
  const at = systemClock.now().toISOString();
  const folder = new URL('./results/local/', import.meta.url);
  await mkdir(folder, { recursive: true });
  const result = {
    at,
    cores: os.availableParallelism(),
    ratePerSecond,
    seconds,
    sold,
    other,
    latency_ms: latency,
    load,
  };
  await writeFile(
    new URL(`reserve-${at.replaceAll(':', '-')}.json`, folder),
    `${JSON.stringify(result, null, 2)}\n`,
  );
}

function wholeNumberOf(option: string, text: string, max: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= max) return number;
  throw new Error(`${option} must be a whole number from 1 to ${max}, not "${text}"`);
}
