/** One measured sale: arrivals at a place, what they were answered, what it cost, what the database says. */
import { pause, systemClock } from '@evently/kit/clock';
import type { LoadReport } from 'evently/generator/open-loop';
import { createCollector, type Collected } from './collect-answers.ts';
import { judge, type Expectations } from './judge.ts';
import { letIn } from './let-in.ts';
import { countMissing, readStock, type Stock } from './measure/database.ts';
import { perUnit, readCpu, readMeters, spentBetween, type Spent } from './measure/meters.ts';
import { ownMemoryMb, watchMemory } from './measure/processes.ts';
import type { Place } from './place.ts';
import type { Arrivals, SaleResult, WrittenLater } from './result.ts';
import { watchStored } from './written-later.ts';

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

/** Runs the plan once. Faults are part of the result; it throws only when something else is broken. */
export async function runSale(place: Place, plan: SalePlan): Promise<SaleResult> {
  const collector = createCollector(plan);
  if (plan.onSale !== undefined) collector.onSale(plan.onSale);
  const before = await readMeters(place);
  const memory = place.servers.map(watchMemory);
  const stored = watchStored(place, plan.eventId, collector.acknowledged);
  const entrance = { ...plan, onAnswer: collector.onAnswer, again: collector.again };
  const [load] = await Promise.all([letIn(place, entrance), plan.besides?.()]);
  const cpuAfter = await readCpu(place);
  const writtenLater = await stored.finish();
  const memoryMb = await Promise.all(memory.map((watch) => watch.stop()));
  const collected = collector.collected();
  if (place.db !== null) await pause(plan.settleMs);
  const spent = spentBetween(before, cpuAfter, await readMeters(place), plan.settleMs);
  const truth = await readTruth(place, plan, collected);
  return describe(plan, { load, collected, truth, memoryMb, spent, writtenLater });
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
  spent: Spent;
  writtenLater: WrittenLater | null;
};

function describe(plan: SalePlan, measured: Measured): SaleResult {
  const { load, collected, truth, spent, writtenLater } = measured;
  const { reservationIds, lastSaleMs, ...told } = collected;
  const sellable = Math.min(plan.seats, wanted(plan));
  const sales = reservationIds.length;
  const result: SaleResult = {
    kind: 'sale',
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
    batches: spent.batches,
    commitsPerSale: perUnit(spent.commits, sales),
    flushesPerSale: perUnit(spent.flushes, sales),
    walBytesPerSale: perUnit(spent.walBytes, sales),
    cpuSeconds: spent.cpuSeconds,
    cpuMicrosecondsPerSale: perUnit(spent.cpuMicroseconds, sales),
    cpuMicrosecondsPerAnswer: perUnit(spent.cpuMicroseconds, load.answered),
    memoryMb: measured.memoryMb,
    generatorMemoryMb: ownMemoryMb(),
    ...(writtenLater === null ? {} : { writtenLater }),
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
