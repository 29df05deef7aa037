/**
 * What traces cost: the same sale without a collector, with one trace in a hundred recorded, and with all, in turns.
 * Takes how many rounds, and how many buyers each has.
 */
import { createServer, type Server } from 'node:http';
import { openBench, type Bench } from './bench.ts';
import type { SaleResult } from './result.ts';
import { sell, warmUp } from './sell.ts';
import { fullSizes } from './sizes.ts';

const [rounds = 6, buyers = 20_000] = process.argv.slice(2).map(Number);
const connections = 256;
const warmUpBuyers = 10_000;
const arrivals = { kind: 'maximum', connections } as const;

/** Takes whatever comes, and looks at nothing: what a collector costs is its own machine's. */
async function startCollector(): Promise<{ url: string; received: () => number; server: Server }> {
  let bytes = 0;
  const server = createServer((req, res) => {
    req.on('data', (part: Buffer) => (bytes += part.byteLength));
    req.on('end', () => res.writeHead(200).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the collector listens on no port');
  return { url: `http://127.0.0.1:${address.port}`, received: () => bytes, server };
}

const collector = await startCollector();
const recording = (share: string): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: share,
});
const ways: readonly (readonly [string, Record<string, string>])[] = [
  ['off', {}],
  ['1 %', recording('0.01')],
  ['100 %', recording('1')],
];

const opened: { name: string; bench: Bench; results: SaleResult[] }[] = [];
try {
  for (const [name, settings] of ways) {
    const bench = await openBench(settings, fullSizes, () => {});
    opened.push({ name, bench, results: [] });
    await warmUp(bench, { profile: 'traces', run: 0, buyers: warmUpBuyers, arrivals });
  }
  for (let run = 1; run <= rounds; run += 1) {
    // Each is the first in turn: what runs later finds a warmer machine.
    const turned = opened.map((_, at) => opened[(at + run) % opened.length]);
    for (const { name, bench, results } of turned.flatMap((one) => one ?? []))
      results.push(
        await sell(bench, { profile: 'traces', variant: name, run, buyers, seats: buyers, arrivals }),
      );
  }
  for (const { name, results } of opened) console.log(describe(name, results));
  console.log(`the collector was sent ${Math.round(collector.received() / 1_048_576)} MiB`);
} finally {
  for (const { bench } of opened) await bench.close();
  collector.server.close();
}

function describe(name: string, results: readonly SaleResult[]): string {
  const cpu = results.map((result) => result.cpuMicrosecondsPerSale ?? 0);
  const sold = medianOf(results.map((result) => result.soldPerSecond));
  const faults = results.flatMap((result) => result.faults);
  if (faults.length > 0)
    throw new Error(`the sale with traces at ${name} was not right: ${faults.join('; ')}`);
  return (
    `traces ${name}: ${medianOf(cpu).toFixed(0)} us of processor time a sale, PostgreSQL's included ` +
    `(least ${Math.min(...cpu).toFixed(0)}), ${sold.toFixed(0)} sold a second`
  );
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
