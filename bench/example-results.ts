/** Results as a run leaves them, for tests of what is made of them. */
import { emptyReport } from 'evently/generator/open-loop';
import type { CallResult, SaleResult } from './result.ts';

const latency = { count: 100, p50: 5, p90: 8, p95: 9, p99: 10, p999: 12, max: 15 };
const measured = {
  profile: 'load',
  variant: 'example',
  run: 1,
  at: '2026-01-01T00:00:00.000Z',
  arrivals: { kind: 'even', perSecond: 1_000 },
  load: { ...emptyReport(), offered: 100, started: 100, answered: 100, durationMs: 100 },
  answers: { 200: 100 },
  answersPerSecond: 1_000,
  brokenInvariants: [],
  cpuSeconds: { servers: 1, postgres: 1, generator: 1 },
  memoryMb: [{ first: 100, last: 120, most: 130, everyMs: 250, samples: [100, 120, 130, 120] }],
  generatorMemoryMb: 200,
  batches: { conflicts: 0, batches: 10, requests: 100, sizes: { 16: 10 }, durationsMs: { 8: 10 } },
  faults: [],
} as const;

/** A clean sale of 100 seats at 1,000 arrivals a second, but for `changes`. */
export function saleResult(changes: Partial<SaleResult> = {}): SaleResult {
  return {
    ...measured,
    kind: 'sale',
    seats: 100,
    shed: 0,
    unavailable: 0,
    replayed: 0,
    sold: 100,
    soldPerSecond: 1_000,
    fill: 1,
    oversold: 0,
    lost: 0,
    duplicates: 0,
    winners: latency,
    losers: { ...latency, count: 0 },
    soldOutMs: 100,
    recoveryMs: null,
    commitsPerSale: 0.1,
    flushesPerSale: 0.1,
    walBytesPerSale: 900,
    cpuMicrosecondsPerSale: 60,
    cpuMicrosecondsPerAnswer: 60,
    fairness: { pairs: 0, inversions: 0, share: 0, longestOvertakingMs: 0 },
    ...changes,
  };
}

/** A hundred clean confirmations, but for `changes`. */
export function callResult(changes: Partial<CallResult> = {}): CallResult {
  return {
    ...measured,
    kind: 'calls',
    call: 'confirm',
    served: 100,
    servedPerSecond: 1_000,
    latency,
    commitsPerCall: 1,
    flushesPerCall: 1,
    walBytesPerCall: 2_000,
    cpuMicrosecondsPerCall: 300,
    ...changes,
  };
}
