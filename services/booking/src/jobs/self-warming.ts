/** Keeps this process warm for the sales that are near, and a starting one out of service until it is. */
import type { Readiness } from '@evently/kit/app';
import { startTicker, type Ticker } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { isDatabaseUnavailable, type Sql } from '@evently/kit/postgres';
import { createTelling } from '@evently/kit/telling';
import type { Warmer } from '../actions/warm-up.ts';
import {
  maxStartMs,
  salesToWarm,
  warmthOf,
  type DueSale,
  type Warmed,
  type Warmth,
} from '../domain/warmth.ts';
import { listDueSales } from '../store/armed-sales.ts';

export type SelfWarmingDeps = {
  db: Sql;
  warmer: Warmer;
  log: Logger;
  /** A clock that never goes back; the process begins to count when this is created. */
  nowMs: () => number;
};
export type SelfWarming = {
  /** Looks twice a second from now on; resolves after the first look. */
  start: () => Promise<void>;
  /** One look: which sales are near, and warms those that need it in the background. */
  look: () => Promise<void>;
  /** Resolves when what is being warmed has ended. */
  settled: () => Promise<void>;
  readiness: () => Readiness;
  stop: () => Promise<void>;
};

// Half of the second within which a sale is to be known everywhere.
const lookMs = 500;
const maxDueSales = 200;
// The others wait for their turn here, where the end of the process is known.
const maxUnderWay = 2;

/**
 * A question every half second and no LISTEN: that would cost a connection of its own in each process, is lost
 * behind a pooler that hands out transactions, and would need the question beside it for what it missed.
 */
export function createSelfWarming(deps: SelfWarmingDeps): SelfWarming {
  const startedMs = deps.nowMs();
  const warmed = new Map<string, Warmed>();
  const underWay = new Map<string, Promise<void>>();
  let due: DueSale[] | null = null;
  let warmth: Warmth = 'warming';
  let ticker: Ticker | null = null;
  let stopped = false;
  const telling = createLookTelling(deps.log);

  async function look(): Promise<void> {
    try {
      due = await listDueSales(deps.db, maxDueSales);
      telling.found(due.length);
      const near = new Set(due.map((sale) => sale.eventId));
      for (const eventId of warmed.keys()) if (!near.has(eventId)) warmed.delete(eventId);
      warmNext();
    } catch (error) {
      telling.failed(error);
    }
    decide();
  }

  /** Begins with the nearest sales; each that ends makes room for the next. */
  function warmNext(): void {
    for (const sale of salesToWarm(due ?? [], warmed, deps.nowMs())) {
      if (stopped || underWay.size >= maxUnderWay) return;
      if (underWay.has(sale.eventId)) continue;
      const ended = warm(sale).finally(() => {
        underWay.delete(sale.eventId);
        warmNext();
      });
      underWay.set(sale.eventId, ended);
    }
  }

  async function warm({ eventId, uid, generation }: DueSale): Promise<void> {
    const tasks = await deps.warmer.warm(eventId);
    const failed = tasks.filter((task) => task.result === 'failed');
    warmed.set(eventId, { uid, generation, atMs: deps.nowMs(), warm: failed.length === 0 });
    const fields = { event_id: eventId, uid, generation };
    if (failed.length === 0) deps.log.info(fields, 'warm for a sale');
    else deps.log.warn({ ...fields, failed: failed.map((task) => task.task) }, 'not warm for a sale yet');
    decide();
  }

  /** What was said once is not taken back: see `warmthOf`. */
  function decide(): void {
    const before = warmth;
    warmth = warmthOf(before, due, warmed, deps.nowMs() - startedMs);
    if (before === warmth) return;
    if (warmth === 'ok') deps.log.info({ sales: due?.length ?? 0 }, 'warm enough to be ready');
    else deps.log.warn({ after_ms: maxStartMs }, 'ready without being warm: the time for it is over');
  }

  return {
    look,
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay.values());
    },
    readiness: () => {
      decide();
      return { ready: warmth !== 'warming', says: warmth };
    },
    start: async () => {
      await look();
      ticker ??= startTicker(lookMs, look);
    },
    stop: async () => {
      stopped = true;
      await ticker?.stop();
      ticker = null;
      await Promise.all(underWay.values());
    },
  };
}

/** The look comes twice a second: what lasts is told once. */
function createLookTelling(log: Logger): {
  found: (sales: number) => void;
  failed: (error: unknown) => void;
} {
  let wasCrowd = false;
  const absence = createTelling(log, {
    waits: 'the look for sales waits for the database',
    goesOn: 'the look for sales goes on',
  });
  return {
    found: (sales) => {
      absence.goesOn();
      const isCrowd = sales === maxDueSales;
      if (isCrowd && !wasCrowd) log.warn({ sales }, 'more sales are near than are kept warm');
      wasCrowd = isCrowd;
    },
    failed: (error) => {
      if (isDatabaseUnavailable(error)) absence.waits(String(error));
      else log.error({ err: error }, 'the look for sales failed; it comes again');
    },
  };
}
