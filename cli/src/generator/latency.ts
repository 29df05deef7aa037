/** Latencies of many answers in a small, exact-enough histogram (HdrHistogram, three digits). */
import { build, type Histogram } from 'hdr-histogram-js';

/** Milliseconds. All zero when nothing was recorded. */
export type LatencySummary = {
  count: number;
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  p999: number;
  max: number;
};
export type LatencyRecorder = {
  record: (ms: number) => void;
  summary: () => LatencySummary;
  histogram: Histogram;
};

const highestMicroseconds = 600_000_000;
const microsecondsPerMs = 1_000;

/** Values from 1 us to 10 minutes, each kept to three significant digits. */
export function createLatencyRecorder(): LatencyRecorder {
  const histogram = build({
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: highestMicroseconds,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / microsecondsPerMs;
  return {
    record: (ms) => {
      const microseconds = Math.round(ms * microsecondsPerMs);
      histogram.recordValue(Math.min(highestMicroseconds, Math.max(1, microseconds)));
    },
    histogram,
    summary: () => {
      if (histogram.totalCount === 0) return { count: 0, p50: 0, p90: 0, p95: 0, p99: 0, p999: 0, max: 0 };
      return {
        count: histogram.totalCount,
        p50: at(50),
        p90: at(90),
        p95: at(95),
        p99: at(99),
        p999: at(99.9),
        max: histogram.maxValue / microsecondsPerMs,
      };
    },
  };
}

/** The latencies of several recorders as if one had seen them all: percentiles cannot be averaged. */
export function mergeLatencies(recorders: readonly LatencyRecorder[]): LatencySummary {
  const merged = createLatencyRecorder();
  for (const { histogram } of recorders) merged.histogram.add(histogram);
  return merged.summary();
}
