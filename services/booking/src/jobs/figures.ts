/** Shows at each scrape what the database says of sales: within a deadline, shared by all gauges, never stale. */
import type { Registry } from 'prom-client';
import { monotonicMs } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { addGauge } from '@evently/kit/metrics-define';
import { maxEventLabels, otherEvents, type BoundedEvents } from '@evently/kit/metrics-events';
import { createReading, type Reading } from '@evently/kit/metrics-reading';
import type { Database } from '@evently/kit/postgres';
import { bookingFigures } from '../metrics-definitions.ts';
import { findFirstReserved } from '../store/armed-sales.ts';
import {
  countOversold,
  listSaleFigures,
  readOpenFigures,
  type OpenFigures,
  type SaleFigures,
} from '../store/figures.ts';

export type FiguresDeps = { registry: Registry; db: Database; log: Logger; events: BoundedEvents };

type Read = { sales: SaleFigures[]; open: OpenFigures };
type SalesReading = () => Promise<Read | null>;

/** Registers the gauges of `bookingFigures`. Nothing is read before the first scrape. */
export function addBookingFigures(deps: FiguresDeps): void {
  const sales = createSales(deps);
  addSaleGauges(deps, sales);
  addOpenGauges(deps, sales);
  addOpenings(deps, sales);
  addOversold(deps, sales);
}

/** Reading what sells takes a twentieth of one core of the database at most: it grows with the number of events. */
const salesRestShare = 20;

/** Sales that have a label of their own, as the database shows them. */
function createSales({ registry, db, log, events }: FiguresDeps): SalesReading {
  return createReading({
    registry,
    log,
    service: 'booking',
    figures: 'sales',
    restShare: salesRestShare,
    load: async () => {
      const listed = await listSaleFigures(db, events.soldLately().slice(-maxEventLabels), maxEventLabels);
      events.onSale(listed.map((sale) => sale.eventId));
      const sales = listed.filter((sale) => events.labelOf(sale.eventId) !== otherEvents);
      return { sales, open: await readOpenFigures(db) };
    },
  });
}

const phases = bookingFigures.phase.labels.phase;
const states = bookingFigures.inventory.labels.state;
const longestName = 80;

function addSaleGauges({ registry }: FiguresDeps, sales: SalesReading): void {
  addGauge(registry, bookingFigures.saleName, async (gauge) => {
    const read = await sales();
    gauge.reset();
    for (const { eventId: event, name } of read?.sales ?? [])
      gauge.set({ event, name: name.slice(0, longestName) }, 1);
  });
  addGauge(registry, bookingFigures.phase, async (gauge) => {
    const read = await sales();
    gauge.reset();
    for (const sale of read?.sales ?? [])
      for (const phase of phases) gauge.set({ event: sale.eventId, phase }, sale.phase === phase ? 1 : 0);
  });
  addGauge(registry, bookingFigures.opensIn, async (gauge) => {
    const read = await sales();
    gauge.reset();
    for (const { eventId: event, opensInSeconds } of read?.sales ?? [])
      if (opensInSeconds !== null) gauge.set({ event }, opensInSeconds);
  });
  addGauge(registry, bookingFigures.inventory, async (gauge) => {
    const read = await sales();
    gauge.reset();
    for (const sale of read?.sales ?? [])
      for (const state of states) gauge.set({ event: sale.eventId, state }, sale[state]);
  });
  addGauge(registry, bookingFigures.waitlist, async (gauge) => {
    const read = await sales();
    gauge.reset();
    for (const { eventId: event, waiting, offered } of read?.sales ?? []) {
      gauge.set({ event, state: 'waiting' }, waiting);
      gauge.set({ event, state: 'offered' }, offered);
    }
  });
}

function addOpenGauges({ registry }: FiguresDeps, sales: SalesReading): void {
  addGauge(registry, bookingFigures.oldestUnswept, async (gauge) => {
    const read = await sales();
    gauge.reset();
    if (read !== null) gauge.set({}, read.open.oldestUnsweptSeconds);
  });
  addGauge(registry, bookingFigures.open, async (gauge) => {
    const read = await sales();
    gauge.reset();
    if (read === null) return;
    gauge.set({ status: 'paying' }, read.open.paying);
    gauge.set({ status: 'payment_unknown' }, read.open.unknown);
  });
}

/** A sale's first reservation is looked for while its opening is younger than this. */
const lookedForMs = 3_600_000;
/** Looks for the first reservation of one reading; each costs up to 85 ms. */
const maxLooks = 3;
const openingsKeptMs = 5_000;
const openingsRestShare = 20;

/** How late each sale opened; what was found stays as it is for that opening. */
function addOpenings({ registry, db, log }: FiguresDeps, sales: SalesReading): void {
  let known = new Map<string, number>();
  const openings: Reading<Map<string, number>> = createReading({
    registry,
    log,
    service: 'booking',
    figures: 'openings',
    keepMs: openingsKeptMs,
    restShare: openingsRestShare,
    load: async () => {
      const now = await sales();
      if (now === null) throw new Error('the sales could not be read');
      const opened = now.sales.filter(({ phase, openedAt }) => phase === 'open' && openedAt !== null);
      known = new Map(
        opened.flatMap((sale) => {
          const lateness = known.get(openingOf(sale));
          return lateness === undefined ? [] : [[openingOf(sale), lateness] as const];
        }),
      );
      const unknown = opened.filter((sale) => !known.has(openingOf(sale)) && isRecent(sale));
      for (const sale of unknown.slice(0, maxLooks)) {
        const { eventId, openedAt } = sale;
        const first = openedAt === null ? null : await findFirstReserved(db, eventId, openedAt);
        if (first !== null && openedAt !== null)
          known.set(openingOf(sale), (first.getTime() - openedAt.getTime()) / 1_000);
      }
      return new Map(
        opened.flatMap((sale) => {
          const lateness = known.get(openingOf(sale));
          return lateness === undefined ? [] : [[sale.eventId, lateness] as const];
        }),
      );
    },
  });
  addGauge(registry, bookingFigures.openedLate, async (gauge) => {
    const read = await openings();
    gauge.reset();
    for (const [event, seconds] of read ?? []) gauge.set({ event }, seconds);
  });
}

function openingOf({ eventId, openedAt }: SaleFigures): string {
  return `${eventId} ${openedAt?.getTime()}`;
}

function isRecent({ opensInSeconds }: SaleFigures): boolean {
  return opensInSeconds !== null && -opensInSeconds * 1_000 < lookedForMs;
}

/**
 * A count takes a hundredth of one core of the database at most, whatever the number of bookings: after one that took
 * 340 ms (a million bookings) the next is 34 s away. Hence it may be older than what else is shown.
 */
const oversoldRestShare = 100;
const oversoldKeptMs = 5_000;
const oldestOversoldMs = 120_000;
/** An event whose version has not changed is counted again after this, for what might have gone past the version. */
const recountMs = 300_000;

type Counted = { version: number; oversold: number; atMs: number };

function addOversold({ registry, db, log }: FiguresDeps, sales: SalesReading): void {
  let counted = new Map<string, Counted>();
  const reading: Reading<Map<string, Counted>> = createReading({
    registry,
    log,
    service: 'booking',
    figures: 'oversold',
    keepMs: oversoldKeptMs,
    restShare: oversoldRestShare,
    oldestMs: oldestOversoldMs,
    load: async () => {
      const now = await sales();
      if (now === null) throw new Error('the sales could not be read');
      const atMs = monotonicMs();
      const isDue = ({ eventId, version }: SaleFigures): boolean => {
        const before = counted.get(eventId);
        return before === undefined || before.version !== version || atMs - before.atMs >= recountMs;
      };
      const due = now.sales.filter(isDue);
      const fresh =
        due.length === 0
          ? null
          : await countOversold(
              db,
              due.map(({ eventId, held, sold }) => ({ eventId, tickets: held + sold })),
            );
      const next = new Map<string, Counted>();
      for (const { eventId, version } of now.sales) {
        const oversold = fresh?.get(eventId);
        const before = counted.get(eventId);
        // The version is from before the count: a change between the two is counted again.
        if (oversold !== undefined) next.set(eventId, { version, oversold, atMs });
        else if (before !== undefined) next.set(eventId, before);
      }
      counted = next;
      return next;
    },
  });
  addGauge(registry, bookingFigures.oversold, async (gauge) => {
    const read = await reading();
    gauge.reset();
    for (const [event, { oversold }] of read ?? []) gauge.set({ event }, oversold);
  });
}
