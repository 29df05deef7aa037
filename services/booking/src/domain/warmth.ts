/** Which sales a process has to warm now, and whether it may say that it is ready. Pure: time comes in as a value. */

/** A sale within its lead time. */
export type DueSale = { eventId: string; uid: string; generation: number };
/** What was last warmed of it, and how that went. */
export type Warmed = { uid: string; generation: number; atMs: number; warm: boolean };

/** No sale is to be warm earlier than this before its opening. */
export const maxWarmLeadDays = 7;
/** A process that starts waits this long for its sales to be warm, and no longer. */
export const maxStartMs = 60_000;
/** What was warmed longer ago is warmed again: connections were renewed, plans and pages forgotten. */
export const maxWarmAgeMs = 300_000;
/** What failed is tried again after this. */
export const retryWarmMs = 2_000;

export function salesToWarm(
  due: readonly DueSale[],
  warmed: ReadonlyMap<string, Warmed>,
  nowMs: number,
): DueSale[] {
  return due.filter((sale) => {
    const last = warmed.get(sale.eventId);
    if (last === undefined || last.uid !== sale.uid || last.generation !== sale.generation) return true;
    return nowMs - last.atMs >= (last.warm ? maxWarmAgeMs : retryWarmMs);
  });
}

/** `warming` keeps a starting process out of service; the other two are for good. */
export type Warmth = 'warming' | 'ok' | 'not_warm_in_time';

/**
 * Readiness as far as warmth decides it. Only a starting process waits: once it said that it is ready, no sale
 * that is armed later takes that back.
 * @param due null until the database has told which sales are near
 */
export function warmthOf(
  before: Warmth,
  due: readonly DueSale[] | null,
  warmed: ReadonlyMap<string, Warmed>,
  sinceStartMs: number,
): Warmth {
  if (before !== 'warming') return before;
  if (due !== null && due.every((sale) => warmed.get(sale.eventId)?.warm === true)) return 'ok';
  return sinceStartMs >= maxStartMs ? 'not_warm_in_time' : 'warming';
}
