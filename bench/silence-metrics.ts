/** Counters and histograms that keep nothing: what counting costs is the difference to a process that keeps it. */
import { Counter, Histogram } from 'prom-client';

/** Before any metric is made: each takes its method when it is made. */
export function silenceMetrics(): void {
  Object.defineProperty(Counter.prototype, 'incWithoutExemplar', { value: () => {} });
  Object.defineProperty(Histogram.prototype, 'observeWithExemplar', { value: () => {} });
}
