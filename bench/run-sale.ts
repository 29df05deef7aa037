/** One measured sale: arrivals at a place, what they were answered, what it cost, what the database says. */
import { pause, systemClock } from '@evently/kit/clock';
import type { Database } from '@evently/kit/postgres';
import { runMaximum } from 'evently/generator/closed-loop';
import { runOpenLoop, type LoadReport } from 'evently/generator/open-loop';
import { poissonArrivals } from 'evently/generator/poisson';
import type { Target } from 'evently/generator/request-bytes';
import { createCollector, type Collected, type Collector } from './collect-answers.ts';
import { judge, type Expectations } from './judge.ts';
import {
  countMissing,
  readCounters,
  readStock,
  type DatabaseCounters,
  type Stock,
} from './measure/database.ts';
import { readBatches, subtractBatches, type BatchCounts } from './measure/exposition.ts';
import { ownCpuSeconds, ownMemoryMb, sumCpuSeconds, watchMemory } from './measure/processes.ts';
import type { Arrivals, SaleResult } from './result.ts';

/** Where arrivals go and what is read there. */
export type Place = {
  targets: readonly Target[];
  /** Of reserving, at each target. */
  path: string;
  /** The database of the sale; null where nothing is stored. */
  db: Database | null;
  /** Process ids of the servers that are measured. */
  servers: readonly number[];
  postgresPid: number;
  /** Pages of the processes that batch; empty where none does. */
  metricsUrls: readonly string[];
  brokenInvariants: (() => Promise<string[]>) | null;
};

export type SalePlan = {
  profile: string;
  variant: string;
  run: number;
  eventId: string;
  seats: number;
  /** The prepared bytes of each arrival. */
  requests: readonly Buffer[];
  quantityOf: (index: number) => number;
  buyerOf: (index: number) => number;
  arrivals: Arrivals;
  obeysRetryAfter: boolean;
  repeatsUnanswered: boolean;
  expects: Expectations;
  /** How long the database's counters are given to come in. */
  settleMs: number;
  /** Told the end of each sale while the run goes on. */
  onSale?: (endedMs: number) => void;
  /** What else goes on at the platform during the run. */
  besides?: () => Promise<void>;
};

const connections = 1_024;
const deadlineMs = 20_000;
// An idle backend of PostgreSQL reports its commits within this time; before it, the count would be too low.
const commitsComeInMs = 10_000;

/** Runs the plan once. Faults are part of the result; it throws only when something else is broken. */
export async function runSale(place: Place, plan: SalePlan): Promise<SaleResult> {
  const collector = createCollector(plan);
  if (plan.onSale !== undefined) collector.onSale(plan.onSale);
  const before = await readMeters(place);
  const memory = place.servers.map(watchMemory);
  const [load] = await Promise.all([letIn(place, plan, collector), plan.besides?.()]);
  const cpuAfter = await readCpu(place);
  const memoryMb = await Promise.all(memory.map((watch) => watch.stop()));
  if (place.db !== null) await pause(plan.settleMs);
  const after = await readMeters(place);
  const collected = collector.collected();
  const truth = await readTruth(place, plan, collected);
  return describe(plan, { load, collected, truth, memoryMb, before, after, cpuAfter });
}

function letIn(place: Place, plan: SalePlan, collector: Collector): Promise<LoadReport> {
  const [target, ...moreTargets] = place.targets;
  if (target === undefined) throw new Error('a place has at least one target');
  const requestOf = (index: number): Buffer => plan.requests[index] ?? Buffer.alloc(0);
  const common = { target, count: plan.requests.length, requestOf, deadlineMs, onAnswer: collector.onAnswer };
  const { arrivals } = plan;
  if (arrivals.kind === 'maximum') return runMaximum({ ...common, connections: arrivals.connections });
  const dueMs =
    arrivals.kind === 'poisson'
      ? poissonArrivals(plan.requests.length, arrivals.perSecond, plan.run)
      : undefined;
  return runOpenLoop({
    ...common,
    moreTargets,
    connections: Math.ceil(connections / place.targets.length),
    ratePerSecond: arrivals.perSecond,
    again: collector.again,
    ...(dueMs === undefined ? {} : { dueMs }),
  });
}

type Cpu = { servers: number | null; postgres: number | null; generator: number };
type Meters = { cpu: Cpu; database: DatabaseCounters | null; batches: BatchCounts | null };

async function readCpu(place: Place): Promise<Cpu> {
  return {
    servers: await sumCpuSeconds(place.servers, false),
    postgres: await sumCpuSeconds([place.postgresPid], true),
    generator: ownCpuSeconds(),
  };
}

async function readMeters(place: Place): Promise<Meters> {
  return {
    database: place.db === null ? null : await readCounters(place.db),
    batches: place.metricsUrls.length === 0 ? null : await readBatches(place.metricsUrls),
    cpu: await readCpu(place),
  };
}

type Truth = { stock: Stock; lost: number; brokenInvariants: string[] } | null;

async function readTruth(place: Place, plan: SalePlan, collected: Collected): Promise<Truth> {
  if (place.db === null) return null;
  return {
    stock: await readStock(place.db, plan.eventId),
    lost: await countMissing(place.db, plan.eventId, collected.reservationIds),
    brokenInvariants: (await place.brokenInvariants?.()) ?? [],
  };
}

type Measured = {
  load: LoadReport;
  collected: Collected;
  truth: Truth;
  memoryMb: SaleResult['memoryMb'];
  before: Meters;
  after: Meters;
  cpuAfter: Cpu;
};

function describe(plan: SalePlan, measured: Measured): SaleResult {
  const { load, collected, truth, before, after, cpuAfter } = measured;
  const { reservationIds, lastSaleMs, ...told } = collected;
  const sellable = Math.min(plan.seats, wanted(plan));
  const cpuSeconds = {
    servers: less(cpuAfter.servers, before.cpu.servers),
    postgres: less(cpuAfter.postgres, before.cpu.postgres),
    generator: cpuAfter.generator - before.cpu.generator,
  };
  const cpu = cpuSeconds.servers === null ? null : cpuSeconds.servers + (cpuSeconds.postgres ?? 0);
  const per = (amount: number | null, count: number): number | null =>
    amount === null || count === 0 ? null : amount / count;
  const result: SaleResult = {
    profile: plan.profile,
    variant: plan.variant,
    run: plan.run,
    at: systemClock.now().toISOString(),
    arrivals: plan.arrivals,
    seats: plan.seats,
    load,
    ...told,
    soldPerSecond: lastSaleMs === 0 ? 0 : (told.sold * 1_000) / lastSaleMs,
    answersPerSecond: load.durationMs === 0 ? 0 : (load.answered * 1_000) / load.durationMs,
    fill: sellable === 0 ? 1 : told.sold / sellable,
    oversold: truth === null ? 0 : Math.max(0, truth.stock.booked - truth.stock.capacity),
    lost: truth?.lost ?? 0,
    brokenInvariants: truth?.brokenInvariants ?? null,
    recoveryMs: null,
    soldOutMs: told.sold === plan.seats ? lastSaleMs : null,
    batches:
      after.batches === null || before.batches === null
        ? null
        : subtractBatches(after.batches, before.batches),
    commitsPerSale:
      plan.settleMs < commitsComeInMs
        ? null
        : per(less(after.database?.commits ?? null, before.database?.commits ?? null), reservationIds.length),
    walBytesPerSale: per(
      less(after.database?.walBytes ?? null, before.database?.walBytes ?? null),
      reservationIds.length,
    ),
    cpuSeconds,
    cpuMicrosecondsPerSale: per(cpu === null ? null : cpu * 1_000_000, reservationIds.length),
    cpuMicrosecondsPerAnswer: per(cpu === null ? null : cpu * 1_000_000, load.answered),
    memoryMb: measured.memoryMb,
    generatorMemoryMb: ownMemoryMb(),
    faults: [],
  };
  return { ...result, faults: judge(result, truth?.stock ?? null, plan.expects) };
}

function wanted(plan: SalePlan): number {
  // A repeated key asks for nothing more.
  const buyers = new Set<number>();
  let seats = 0;
  for (let index = 0; index < plan.requests.length; index += 1) {
    const buyer = plan.buyerOf(index);
    if (!buyers.has(buyer)) seats += plan.quantityOf(index);
    buyers.add(buyer);
  }
  return seats;
}

function less(later: number | null, earlier: number | null): number | null {
  return later === null || earlier === null ? null : later - earlier;
}
