/** Writes the sale report of a drill: the server's clocks before, and everything else after. */
import { systemClock } from '@evently/kit/clock';
import type { Samples } from '@evently/standalone/console/samples';
import { openBookingDatabase } from '../commands/find-databases.ts';
import type { Runtime } from '../runtime.ts';
import { tellDrill } from '../sale-report/drill-story.ts';
import { askBooks, readBatches, readBooks } from '../sale-report/read-books.ts';
import { metricsUrl, readMetrics } from '../sale-report/read-metrics.ts';
import type { Batches, Books } from '../sale-report/story.ts';
import { writeReport, type ReportPlace, type WrittenReport } from '../sale-report/write-report.ts';
import type { DrillDeps, DrillResult } from './run-drill.ts';

export type ReportPlan = {
  place: ReportPlace;
  runtime: Runtime | null;
  /** Of the processes that sell; empty where none is known. */
  metricsUrls: readonly string[];
};

/** The addresses that were named, else that of the platform running here. */
export function metricsUrlsOf(
  named: readonly string[] | undefined,
  runtime: Runtime | null,
): readonly string[] {
  return named ?? (runtime === null ? [] : [metricsUrl(runtime)]);
}

/** The clocks as they stand; null when there is no report to write or nobody answers. */
export async function readClocks(plan: ReportPlan | null, deps: DrillDeps): Promise<Samples | null> {
  return plan === null ? null : readMetrics(plan.metricsUrls, deps.progress.say);
}

/** Throws a sentence when the folder cannot be written. */
export async function writeDrillReport(
  plan: ReportPlan,
  deps: DrillDeps,
  result: DrillResult,
  before: Samples | null,
): Promise<WrittenReport> {
  const { spec, eventId, verdict, tally, arrivals, startedAt, arrivalsPerSecond } = result;
  deps.progress.update(`Drill ${spec.buyers} for ${spec.seats}: writing its report`);
  const after = before === null ? null : await readClocks(plan, deps);
  const read = await readStory(plan.runtime, deps, eventId);
  const story = tellDrill({
    spec,
    arrivalsPerSecond,
    event: { id: eventId, name: read.name ?? `Drill ${spec.buyers} for ${spec.seats}` },
    arrivals,
    startedAt,
    writtenAt: systemClock.now(),
    books: read.books,
    batches: read.batches,
    metrics: { before, after },
    refused: tally.refused,
    faults: verdict.faults,
  });
  const written = await writeReport(plan.place, story);
  deps.progress.clear();
  return written;
}

type Read = { name: string | null; books: Books; batches: Batches | null };

/** From the database, where there is one to read; else from the organizer's report. */
async function readStory(runtime: Runtime | null, deps: DrillDeps, eventId: string): Promise<Read> {
  const db = openBookingDatabase(runtime);
  if (db !== null) {
    try {
      const known = await readBooks(db, eventId);
      if (known !== null) return { ...known, batches: await readBatches(db, eventId) };
    } finally {
      await db.close();
    }
  }
  return { name: null, books: await askBooks(deps.client, deps.adminToken, eventId), batches: null };
}
