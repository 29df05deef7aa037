/** What is read before and after a run at a place: processor time, the database's counters, batches. */
import type { CpuSeconds } from '../result.ts';
import type { Place } from '../place.ts';
import { readCounters, type DatabaseCounters } from './database.ts';
import { readBatches, subtractBatches, type BatchCounts } from './exposition.ts';
import { ownCpuSeconds, sumCpuSeconds } from './processes.ts';

export type Meters = { cpu: CpuSeconds; database: DatabaseCounters | null; batches: BatchCounts | null };

export async function readCpu(place: Place): Promise<CpuSeconds> {
  return {
    servers: await sumCpuSeconds(place.servers, false),
    postgres: await sumCpuSeconds([place.postgresPid], true),
    generator: ownCpuSeconds(),
  };
}

export async function readMeters(place: Place): Promise<Meters> {
  return {
    database: place.db === null ? null : await readCounters(place.db),
    batches: place.metricsUrls.length === 0 ? null : await readBatches(place.metricsUrls, place.batchKind),
    cpu: await readCpu(place),
  };
}

/** What a run took. Each figure is null where it cannot be read, or was read too early to be true. */
export type Spent = {
  cpuSeconds: CpuSeconds;
  /** Servers and PostgreSQL, without the generator. */
  cpuMicroseconds: number | null;
  commits: number | null;
  flushes: number | null;
  walBytes: number | null;
  batches: BatchCounts | null;
};

// An idle backend of PostgreSQL reports what it did within this time; before it, a count would be too low.
const countsComeInMs = 10_000;

/** The differences; `cpuAfter` is read at the last answer, `after` when the counters had `settleMs` to come in. */
export function spentBetween(before: Meters, cpuAfter: CpuSeconds, after: Meters, settleMs: number): Spent {
  const cpuSeconds = {
    servers: less(cpuAfter.servers, before.cpu.servers),
    postgres: less(cpuAfter.postgres, before.cpu.postgres),
    generator: cpuAfter.generator - before.cpu.generator,
  };
  const counted = settleMs >= countsComeInMs;
  const { servers, postgres } = cpuSeconds;
  return {
    cpuSeconds,
    cpuMicroseconds: servers === null ? null : (servers + (postgres ?? 0)) * 1_000_000,
    commits: counted ? less(after.database?.commits, before.database?.commits) : null,
    flushes: counted ? less(after.database?.flushes, before.database?.flushes) : null,
    walBytes: less(after.database?.walBytes, before.database?.walBytes),
    batches:
      after.batches === null || before.batches === null
        ? null
        : subtractBatches(after.batches, before.batches),
  };
}

/** Of each of `count`; null for an unknown amount or none to share it. */
export function perUnit(amount: number | null, count: number): number | null {
  return amount === null || count === 0 ? null : amount / count;
}

function less(later: number | null | undefined, earlier: number | null | undefined): number | null {
  return typeof later !== 'number' || typeof earlier !== 'number' ? null : later - earlier;
}
