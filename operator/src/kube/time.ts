/** Monotonic time and waiting, as a value: the real one here, a virtual one in tests. */
import { pause } from '@evently/kit/clock';

export type Time = {
  /** Milliseconds of a monotonic clock; only differences mean something. */
  nowMs: () => number;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. `ms` is at most `maxTimerMs`. */
  pause: (ms: number, signal?: AbortSignal) => Promise<void>;
};

/** The longest wait that Node's timers keep; one millisecond more, and they fire at once. */
export const maxTimerMs = 2 ** 31 - 1;

const nsPerMs = 1_000_000;

/** CLOCK_MONOTONIC: the same for every thread and process of a machine, and it runs on while one is stopped. */
export function systemMonotonicMs(): number {
  return Number(process.hrtime.bigint()) / nsPerMs;
}

export const systemTime: Time = { nowMs: systemMonotonicMs, pause };
