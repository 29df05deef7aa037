/** What one run leaves behind: a plain object, kept as JSON. Times in milliseconds unless named otherwise. */
import { mkdir, writeFile } from 'node:fs/promises';
import type { LatencySummary } from 'evently/generator/latency';
import type { LoadReport } from 'evently/generator/open-loop';
import type { Fairness } from './analysis/fairness.ts';
import type { BatchCounts } from './measure/exposition.ts';
import type { Machine } from './measure/machine.ts';
import type { MemorySpan } from './measure/processes.ts';

/** `maximum` is a closed loop: it shows the most that can be had and its latencies hide stalls. */
export type Arrivals =
  { kind: 'even' | 'poisson'; perSecond: number } | { kind: 'maximum'; connections: number };

export type SaleResult = {
  profile: string;
  /** Which measurement of the profile, such as "300 for 10" or "guarded update". */
  variant: string;
  /** From 1. */
  run: number;
  at: string;
  arrivals: Arrivals;
  seats: number;
  load: LoadReport;
  /** Final answers by status; `timed-out` and `disconnected` for those without. */
  answers: Readonly<Record<string, number>>;
  /** Answers 503 of a full queue that were obeyed: the buyer came again after Retry-After. */
  shed: number;
  /** Other answers 503 that were obeyed: the database was away, or waited for a lock too long. */
  unavailable: number;
  /** Repeated keys that got their stored answer. */
  replayed: number;
  /** Seats of distinct acknowledged reservations. */
  sold: number;
  soldPerSecond: number;
  answersPerSecond: number;
  /** Share of the seats that could be sold. */
  fill: number;
  oversold: number;
  /** Acknowledged reservations that the table does not have. */
  lost: number;
  /** Reservations acknowledged to two buyers. */
  duplicates: number;
  /** Invariants that do not hold afterwards; null where there is no database. */
  brokenInvariants: readonly string[] | null;
  winners: LatencySummary;
  losers: LatencySummary;
  /** From the first arrival to the answer that sold the last seat; null when seats were left. */
  soldOutMs: number | null;
  /** From a kill to the next sale; null where nothing was killed. */
  recoveryMs: number | null;
  batches: BatchCounts | null;
  commitsPerSale: number | null;
  walBytesPerSale: number | null;
  cpuSeconds: { servers: number | null; postgres: number | null; generator: number };
  /** Servers and PostgreSQL, without the generator. */
  cpuMicrosecondsPerSale: number | null;
  cpuMicrosecondsPerAnswer: number | null;
  /** Resident memory of each server, in MiB. */
  memoryMb: readonly (MemorySpan | null)[];
  generatorMemoryMb: number;
  fairness: Fairness;
  /** Requests of other kinds that went on meanwhile, by kind. */
  besides?: Readonly<Record<string, Besides>>;
  /** What must not be, one sentence each; a run passes when there is none. */
  faults: readonly string[];
};

export type Besides = { answers: Readonly<Record<string, number>>; latency: LatencySummary };

export type ResultFile = { machine: Machine; size: string; result: SaleResult };

/** Writes one run as a file of its own; answers its name. */
export async function keepResult(folder: URL, file: ResultFile): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { profile, variant, run } = file.result;
  const name = `${profile}-${variant}-${run}.json`.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-');
  await writeFile(new URL(name, folder), `${JSON.stringify(file, null, 2)}\n`);
  return name;
}
