/** What the metrics cost a sale: each record alone, and sales of a process that counts beside one that does not. */
import { randomUUID } from 'node:crypto';
import { createBookingMetrics } from '@evently/booking/metrics';
import { createRegistry, createRequestMetrics } from '@evently/kit/metrics';
import { maxEventLabels } from '@evently/kit/metrics-events';
import { writeMetrics } from '@evently/kit/metrics-exposition';
import { openBench, type Bench } from './bench.ts';
import { startPods, type Pods } from './pods.ts';
import { sell, warmUp } from './sell.ts';
import { fullSizes } from './sizes.ts';

const [rounds = 7, buyers = 40_000] = process.argv.slice(2).map(Number);
const warm = new Set<Pods>();
const connections = 256;
const warmUpBuyers = 20_000;
const scrapes = 200;
const variants = ['on', 'off'] as const;
type Variant = (typeof variants)[number];

await recordAlone();
await sellSideBySide();

/** Time of what one reservation records, with its share of what its batch does. */
async function recordAlone(): Promise<void> {
  const registry = createRegistry();
  const requests = createRequestMetrics(registry);
  const metrics = createBookingMetrics({ registry, nowMs: () => performance.now(), waiting: () => 0 });
  const eventId = randomUUID();
  const batchOf = (size: number): void => {
    metrics.changed({ eventId, causes: ['reserve'], conflict: false, reserved: size, sold: 0, released: [] });
    const batch = { key: eventId, size, seconds: 0.004, waitedSeconds: 0.002, failed: false, split: false };
    metrics.batch('reserve', batch);
  };
  const request = (traceId?: string): void =>
    requests.observe('booking', 'POST', '/api/v1/bookings/reserve', 200, 0.012, traceId);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const each = {
    'a request': nanoseconds(() => request()),
    'a request, its trace recorded': nanoseconds(() => request(traceId)),
    'a batch': nanoseconds(() => batchOf(64)),
    'a refusal': nanoseconds(() => metrics.refused(eventId, 'sold-out')),
  };
  for (const [what, ns] of Object.entries(each)) console.log(`${what}: ${ns.toFixed(0)} ns`);
  // A full house of labels: what a scrape costs while fifty events sell.
  for (let event = 0; event < maxEventLabels; event += 1) {
    const id = randomUUID();
    metrics.changed({ eventId: id, causes: ['reserve'], conflict: true, reserved: 1, sold: 1, released: [] });
    metrics.refused(id, 'sold-out');
  }
  for (const accept of ['text/plain', 'application/openmetrics-text']) {
    const began = process.cpuUsage();
    let characters = 0;
    for (let scrape = 0; scrape < scrapes; scrape += 1)
      characters = (await writeMetrics(registry, accept)).text.length;
    const { user, system } = process.cpuUsage(began);
    console.log(
      `a scrape as ${accept}: ${((user + system) / 1_000 / scrapes).toFixed(1)} ms, ${characters} characters`,
    );
  }
  for (const size of [1, 16, 64, 256])
    console.log(
      `a sale in batches of ${size}: ${(each['a request'] + each['a batch'] / size).toFixed(0)} ns`,
    );
}

/** Processor time: the median of several rounds, after some to warm up. */
function nanoseconds(work: () => void): number {
  const times = 21;
  const repeats = 100_000;
  const took = Array.from({ length: times }, () => {
    const began = process.cpuUsage();
    for (let at = 0; at < repeats; at += 1) work();
    const { user, system } = process.cpuUsage(began);
    return ((user + system) * 1_000) / repeats;
  });
  return median(took.slice(5));
}

type Took = Record<Variant, { cpu: number[]; rate: number[] }>;

/**
 * Two processes at a time, new ones each round: one and the same program is up to a tenth faster or slower from start to
 * start, which a single pair would show as the cost of what it counts.
 */
async function sellSideBySide(): Promise<void> {
  const bench = await openBench({}, fullSizes, () => {});
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => void bench.close().then(() => process.exit(1)));
  const took: Took = { on: { cpu: [], rate: [] }, off: { cpu: [], rate: [] } };
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const pods = {
        on: await startPods(bench, 1),
        off: await startPods(bench, 1, { BENCH_METRICS: 'off' }),
      };
      await measureRound(bench, round, pods, took);
      await Promise.all(variants.map((variant) => pods[variant].stop()));
    }
  } finally {
    await bench.close();
  }
  for (const variant of variants) {
    const { cpu, rate } = took[variant];
    console.log(
      `metrics ${variant}: median ${median(cpu).toFixed(1)} us a sale, ${median(rate).toFixed(0)} a second`,
    );
  }
  const pairs = took.on.cpu.map((cpu, at) => cpu - (took.off.cpu[at] ?? Number.NaN));
  console.log(`median of the ${pairs.length} differences: ${median(pairs).toFixed(2)} us a sale`);
}

/** Both are warmed up, then sell in turns; which comes first alternates. */
async function measureRound(
  bench: Bench,
  round: number,
  pods: Readonly<Record<Variant, Pods>>,
  took: Took,
): Promise<void> {
  const arrivals = { kind: 'maximum', connections } as const;
  const order = round % 2 === 0 ? variants : variants.toReversed();
  for (const variant of [...order, ...order, ...order.toReversed()]) {
    const { place } = pods[variant];
    // The process itself, without the platform and PostgreSQL: only it does anything else.
    const plan = {
      profile: 'metrics',
      run: round,
      arrivals,
      place: { ...place, servers: place.servers.slice(0, 1) },
    };
    if (!warm.has(pods[variant])) {
      warm.add(pods[variant]);
      await warmUp(bench, { ...plan, buyers: warmUpBuyers });
      continue;
    }
    const sale = await sell(bench, { ...plan, variant: `metrics ${variant}`, buyers, seats: buyers });
    if (sale.faults.length > 0) throw new Error(sale.faults.join('\n'));
    const cpu = ((sale.cpuSeconds.servers ?? Number.NaN) * 1e6) / sale.sold;
    took[variant].cpu.push(cpu);
    took[variant].rate.push(sale.soldPerSecond);
    console.log(
      `round ${round}, ${variant}: ${cpu.toFixed(1)} us a sale, ${sale.soldPerSecond.toFixed(0)} a second`,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
