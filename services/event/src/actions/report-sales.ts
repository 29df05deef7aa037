/** How an event sells: the catalog's part and booking's books. */
import type { Database } from '@evently/kit/postgres';
import type { CatalogEvent } from '../domain/event.ts';
import { refused, type Refused } from '../domain/refusals.ts';
import { findEvent } from '../store/events.ts';
import type { BookingPort, SalesReport } from './ask-booking.ts';

/** `report` is null for an event that booking has not been told of. */
export type ReportOutcome =
  | { ok: true; event: CatalogEvent; report: SalesReport | null }
  | Refused<'unknown-event' | 'booking-unavailable'>;

/** Never from memory: money is not shown from a guess, so it is refused while booking is away. */
export async function reportSales(
  deps: { db: Database; booking: BookingPort },
  eventId: string,
): Promise<ReportOutcome> {
  const event = await findEvent(deps.db, eventId);
  if (event === null) return refused({ kind: 'unknown-event' });
  if (event.status === 'draft') return { ok: true, event, report: null };
  const asked = await deps.booking.readReport(eventId, 'people');
  switch (asked.kind) {
    case 'ok':
      return { ok: true, event, report: asked.value };
    case 'unknown-event':
      return { ok: true, event, report: null };
    case 'refused':
    case 'away':
      return refused({ kind: 'booking-unavailable' });
  }
}
