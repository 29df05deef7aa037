/** What of many changes counts: the newest of each order, per event. Pure. */
import type { Change, SearchDocument, Stock } from '../engine/port.ts';

/** `document` is null for a removal; an order of which nothing was said is undefined. */
export type Newest = {
  eventId: string;
  content: { version: number; document: SearchDocument | null } | undefined;
  stock: Stock | undefined;
};

/** One entry per event, in order of ids, so that two writers meet in one direction only. */
export function newestOf(changes: readonly Change[]): Newest[] {
  const newest = new Map<string, Newest>();
  for (const change of changes) {
    const eventId = change.kind === 'document' ? change.document.eventId : change.eventId;
    const known = newest.get(eventId) ?? { eventId, content: undefined, stock: undefined };
    newest.set(eventId, merged(known, change));
  }
  return [...newest.values()].toSorted((one, other) => (one.eventId < other.eventId ? -1 : 1));
}

/** Of equal versions the later word counts: that is how a damaged document or stock is repaired. */
function merged(known: Newest, change: Change): Newest {
  if (change.kind === 'stock') {
    const isOld = known.stock !== undefined && known.stock.version > change.stock.version;
    return isOld ? known : { ...known, stock: change.stock };
  }
  if (known.content !== undefined && known.content.version > change.version) return known;
  const document = change.kind === 'document' ? change.document : null;
  return { ...known, content: { version: change.version, document } };
}
