/** What the runs leave behind: plain objects, kept as JSON. Times in milliseconds unless named otherwise. */
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

export type CpuSeconds = { servers: number | null; postgres: number | null; generator: number };

type Named = {
  profile: string;
  /** Which measurement of the profile, such as "300 for 10" or "guarded update". */
  variant: string;
  /** From 1. */
  run: number;
  at: string;
};

type Measured = Named & {
  arrivals: Arrivals;
  load: LoadReport;
  /** Final answers by status; `timed-out` and `disconnected` for those without. */
  answers: Readonly<Record<string, number>>;
  answersPerSecond: number;
  /** Invariants that do not hold afterwards; null where there is no database. */
  brokenInvariants: readonly string[] | null;
  cpuSeconds: CpuSeconds;
  /** Resident memory of each server, in MiB. */
  memoryMb: readonly (MemorySpan | null)[];
  generatorMemoryMb: number;
  batches: BatchCounts | null;
  /** What must not be, one sentence each; a run passes when there is none. */
  faults: readonly string[];
};

/** Reservations of one event. */
export type SaleResult = Measured & {
  kind: 'sale';
  seats: number;
  /** Answers 503 of a full queue that were obeyed: the buyer came again after Retry-After. */
  shed: number;
  /** Other answers 503 that were obeyed: the database was away, or waited for a lock too long. */
  unavailable: number;
  /** Repeated keys that got their stored answer. */
  replayed: number;
  /** Seats of distinct acknowledged reservations. */
  sold: number;
  soldPerSecond: number;
  /** Share of the seats that could be sold. */
  fill: number;
  oversold: number;
  /** Acknowledged reservations that the table does not have. */
  lost: number;
  /** Reservations acknowledged to two buyers. */
  duplicates: number;
  winners: LatencySummary;
  losers: LatencySummary;
  /** From the first arrival to the answer that sold the last seat; null when seats were left. */
  soldOutMs: number | null;
  /** From a kill to the next sale; null where nothing was killed. */
  recoveryMs: number | null;
  commitsPerSale: number | null;
  /** Flushes of PostgreSQL's log, of the whole server. */
  flushesPerSale: number | null;
  walBytesPerSale: number | null;
  /** Servers and PostgreSQL, without the generator. */
  cpuMicrosecondsPerSale: number | null;
  cpuMicrosecondsPerAnswer: number | null;
  fairness: Fairness;
  /** Requests of other kinds that went on meanwhile, by kind. */
  besides?: Readonly<Record<string, Besides>>;
  /** Of a design that stores a booking after its answer. */
  writtenLater?: WrittenLater;
};

export type Besides = { answers: Readonly<Record<string, number>>; latency: LatencySummary };

export type WrittenLater = {
  /** Acknowledged and not in PostgreSQL, at the worst moment looked at: what a crash of the process loses then. */
  mostNotStored: number;
  /** The same at the last answer. */
  notStored: number;
  /** From the last answer until everything was stored; null when that took too long. */
  storedAfterMs: number | null;
  /** Settings that decide what else a crash loses. */
  settings: Readonly<Record<string, string>>;
};

/** Requests of another kind than reserving: confirmations, reads. */
export type CallResult = Measured & {
  kind: 'calls';
  /** What one is called in a table, such as "confirm". */
  call: string;
  /** Answered 200. */
  served: number;
  servedPerSecond: number;
  latency: LatencySummary;
  commitsPerCall: number | null;
  flushesPerCall: number | null;
  walBytesPerCall: number | null;
  cpuMicrosecondsPerCall: number | null;
};

/** What could not be measured here, and why. */
export type SkippedResult = Named & { kind: 'skipped'; reason: string };

export type Result = SaleResult | CallResult | SkippedResult;

// Raised when a field changes its meaning, so that old files are refused and not misread.
export const resultFormat = 2;

/** All measurements of one run of one profile. */
export type ResultFile = {
  format: typeof resultFormat;
  machine: Machine;
  size: string;
  /** Settings of the platform besides its defaults. */
  settings: Readonly<Record<string, string>>;
  results: readonly Result[];
};

export const isSale = (result: Result): result is SaleResult => result.kind === 'sale';
export const isCalls = (result: Result): result is CallResult => result.kind === 'calls';
export const isSkipped = (result: Result): result is SkippedResult => result.kind === 'skipped';

/** Faults of what was measured; what was skipped has none. */
export function faultsOf(result: Result): readonly string[] {
  return isSkipped(result) ? [] : result.faults;
}

/** Writes the results of one run of one profile, overwriting an earlier file of the same run. */
export async function keepResults(folder: URL, file: ResultFile): Promise<void> {
  const [first] = file.results;
  if (first === undefined) return;
  await mkdir(folder, { recursive: true });
  await writeFile(
    new URL(`${first.profile}-${first.run}.json`, folder),
    `${JSON.stringify(file, null, 1)}\n`,
  );
}
