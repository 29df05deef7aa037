/** Figures that a scrape takes from a database: shared, kept for a moment, never waited for long, never stale. */
import type { Registry } from 'prom-client';
import { monotonicMs, systemClock, withDeadline, type Clock } from './clock.ts';
import type { Logger } from './log.ts';
import { serviceLabel } from './metrics-labels.ts';
import { addCounter, addGauge, defineCounter, defineGauge } from './metrics-define.ts';

const figures =
  'what is read together: database of every service; sales, openings and oversold of booking; payments; index of search';

export const readingDefinitions = {
  reads: defineCounter({
    name: 'evently_db_figures_reads_total',
    help: 'Readings of figures from a database for the metrics, by outcome; failed ones leave gauges without series',
    labels: { service: serviceLabel, figures, outcome: ['done', 'failed'] },
  }),
  readAt: defineGauge({
    name: 'evently_db_figures_read_timestamp_seconds',
    help: 'Unix time of the last reading of figures from a database that succeeded',
    labels: { service: serviceLabel, figures },
  }),
} as const;

export type ReadingOptions<T> = {
  registry: Registry;
  log: Logger;
  service: string;
  /** One of those that `figures` names. */
  figures: string;
  load: () => Promise<T>;
  /** A scrape within this time of a reading takes what was read. */
  keepMs?: number;
  /** The next reading is at least so many times as far away as the last one took: its share of the database's time. */
  restShare?: number;
  /** What is older is not shown. */
  oldestMs?: number;
  clock?: Clock;
  nowMs?: () => number;
};

/** What was read last, or null when nothing is young enough. Never rejects. */
export type Reading<T> = () => Promise<T | null>;

/** Scrapes that come together, and the gauges of one scrape, share a reading. */
const keptMs = 1_000;
/** A scrape waits this long for a reading; a slower one goes on, for the next scrape. */
export const readingDeadlineMs = 500;
/** What is older is not shown, unless a reading says otherwise. */
export const oldestFiguresMs = 15_000;

/**
 * Reads when a scrape asks and what it knows is older than `keepMs`; one reading at a time, so a database that does
 * not answer has one statement of this and no more. A reading that fails is counted, and said in the log once
 * until it succeeds again.
 */
export function createReading<T>(options: ReadingOptions<T>): Reading<T> {
  const { registry, log, service, load, nowMs = monotonicMs, clock = systemClock } = options;
  const { keepMs = keptMs, restShare = 0, oldestMs = oldestFiguresMs } = options;
  const labels = { service, figures: options.figures };
  const reads = addCounter(registry, readingDefinitions.reads);
  const readAt = addGauge(registry, readingDefinitions.readAt);
  let last: { value: T; atMs: number } | null = null;
  let nextAtMs = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | null = null;
  let fails = false;

  async function read(): Promise<void> {
    const beganMs = nowMs();
    try {
      last = { value: await load(), atMs: beganMs };
      // Never put off for so long that what is known grows too old to be shown.
      nextAtMs = nowMs() + Math.min(oldestMs / 2, Math.max(keepMs, restShare * (nowMs() - beganMs)));
      reads.inc({ ...labels, outcome: 'done' });
      readAt.set(labels, clock.now().getTime() / 1_000);
      if (fails) log.info(labels, 'the figures of the metrics are read again');
      fails = false;
    } catch (error) {
      reads.inc({ ...labels, outcome: 'failed' });
      if (!fails) log.warn({ ...labels, err: String(error) }, 'the figures of the metrics could not be read');
      fails = true;
    }
  }

  return async () => {
    if (nowMs() >= nextAtMs) {
      underWay ??= read().finally(() => {
        underWay = null;
      });
      await withDeadline(underWay, readingDeadlineMs, 'a reading for the metrics').catch(() => {
        // It goes on; what it finds is for the next scrape, and its failure is counted where it happens.
      });
    }
    return last !== null && nowMs() - last.atMs <= oldestMs ? last.value : null;
  };
}
