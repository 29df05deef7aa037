/** How long the main thread kept others waiting: the longest delay of its event loop. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export type EventLoopLag = {
  /** The longest delay since this was asked last, in milliseconds. */
  takeLongestMs: () => number;
  stop: () => void;
};

const resolutionMs = 20;
const nsPerMs = 1_000_000;

export function watchEventLoopLag(): EventLoopLag {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  return {
    takeLongestMs: () => {
      // Its samples hold the time between two of them as well.
      const longestMs = Math.max(0, delay.max / nsPerMs - resolutionMs);
      delay.reset();
      return longestMs;
    },
    stop: () => void delay.disable(),
  };
}
