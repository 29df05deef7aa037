/** Waits between arrivals: even spacing far below a timer's millisecond, without burning a processor. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pause } from '@evently/kit/clock';

/** Longest time the event loop sleeps while arrivals are close together; answers are seen that much later. */
const sliceMs = 0.2;
const timerWorthMs = 2;
const longestPauseMs = 10;

export type Pacer = {
  /** Lets the event loop work, then returns within about `ms`; it may return earlier. */
  rest: (ms: number) => Promise<void>;
};

/**
 * Timers of Node fire in whole milliseconds, so 5,000 arrivals per second would leave in bursts of five.
 * For short waits the thread sleeps on a lock that nobody opens (Atomics.wait, 0.2 ms at most) between
 * turns of the event loop: arrivals stay even and the loop costs some per cent of a processor.
 */
export function createPacer(): Pacer {
  const lock = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  return {
    rest: async (ms) => {
      if (ms > timerWorthMs) {
        await pause(Math.min(longestPauseMs, Math.floor(ms) - 1));
        return;
      }
      if (ms > 0) Atomics.wait(lock, 0, 0, Math.min(ms, sliceMs));
      await nextTurn();
    },
  };
}

/** When arrival `index` is due, in milliseconds after the start. */
export function dueAtMs(index: number, ratePerSecond: number): number {
  return (index * 1000) / ratePerSecond;
}
