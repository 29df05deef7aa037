/** What a sale report tells, as a program reads it; every part says what it was counted from. */
import type { ReportSummary } from '@evently/standalone/console/report-folder';

/** Seats by the counters of the stock, and counted once more from the bookings themselves. */
export type Books = {
  capacity: number;
  available: number;
  held: number;
  sold: number;
  blocked: number;
  /** Held and sold by the bookings, above the capacity of their tier. */
  oversold: number;
  /** What the bookings say, which must be the same. */
  held_by_bookings: number;
  sold_by_bookings: number;
  /** `database`, or `interface` where the database is out of reach: then what the bookings say is what the interface says. */
  counted_from: 'database' | 'interface';
};

/** Counts per step of time, from `started_at`. All lists are of equal length. */
export type Timeline = {
  started_at: string;
  step_ms: number;
  /** What each list counts, in words. */
  series: readonly {
    name: 'arrived' | 'taken' | 'sold' | 'refused' | 'unanswered' | 'ended';
    counts: readonly number[];
  }[];
};

/** In order of arrival: `[milliseconds after the first, milliseconds until the outcome or null, place in outcomes, seats]`. */
export type Buyer = readonly [arrivedMs: number, outcomeMs: number | null, outcome: number, seats: number];
export type Buyers = {
  about: string;
  outcomes: readonly string[];
  /** How many there were; `rows` has the first of them when it is more than may be listed. */
  count: number;
  rows: readonly Buyer[];
};

export type Fairness = {
  /** Pairs of a buyer who got seats and one who was refused. */
  pairs: number;
  /** Those in which the one who was refused had come first. */
  unfair_pairs: number;
  share: number;
  first_refused: number | null;
  last_taken: number | null;
};

export type Spread = { count: number; mean: number; p50: number; p99: number };

/** Committed changes of the stock, from the versions that the database keeps. */
export type Batches = {
  count: number;
  reservations: number;
  mean_size: number;
  largest: number;
  conflicts: number;
  /** Conflicts over batches. */
  conflict_ratio: number;
  first_version: number | null;
  last_version: number | null;
};

/** Milliseconds. `http_ms`, `queue_ms` and `batch_ms` are the server's own histograms, after less before. */
export type TimeSpent = {
  about: string;
  client_ms: Spread | null;
  http_ms: Spread | null;
  queue_ms: Spread | null;
  batch_ms: Spread | null;
  batch_size: Spread | null;
  /** They add up to the mean of `client_ms`; null unless both clocks have timed the same requests. */
  means: { outside_ms: number; handler_ms: number } | null;
};

export type SaleStory = {
  summary: ReportSummary;
  event: { id: string; name: string };
  drill: { name: string; buyers: number; seats: number; arrivals_per_second: number } | null;
  books: Books;
  timeline: Timeline;
  buyers: Buyers;
  /** Null with the reason when it cannot be known. */
  fairness: Fairness | null;
  fairness_about: string;
  refusals: Readonly<Record<string, number>>;
  refusals_about: string;
  batches: Batches | null;
  time: TimeSpent | null;
};
