/** What the event service tells the search service of its catalog: by messages, and page by page for comparing. */
import { z } from 'zod';
import { count, currency, id, instant, minorAmount, text } from './common.ts';

/** What can be found of an event. Published events and those that are over have one; others have none. */
export const catalogDocument = z.strictObject({
  name: text(300).min(1),
  /** Empty when there is none. */
  description: text(20_000),
  venue_name: text(300),
  venue_address: text(600),
  venue_city: text(200),
  venue_state: text(200).nullable(),
  venue_country: text(200),
  /** Degrees (WGS 84); both or none. */
  latitude: z.number().min(-90).max(90).nullable(),
  longitude: z.number().min(-180).max(180).nullable(),
  event_type: text(60).min(1),
  starts_at: instant,
  ends_at: instant,
  price_minor: minorAmount,
  currency,
  capacity: count,
  status: z.enum(['published', 'completed']),
});
export type CatalogDocument = z.output<typeof catalogDocument>;

/**
 * topic event, key event_id, type event.document_changed: the whole document as it is now, null when the event must
 * not be found any more. `version` rises with each change of an event; an older one never undoes a newer one.
 */
export const eventDocumentChanged = z.object({
  event_id: id,
  version: z.int().min(0),
  document: catalogDocument.nullable(),
});

/** Events of one page at most; the largest documents fit into one answer. */
export const maxListedDocuments = 500;

/**
 * `GET /internal/events?after=&limit=&documents=`: every event that can be found, in order of its id, as its database
 * knows it now. `stock` is what booking last told. `next` is null at the end.
 */
export const listedDocuments = z.object({
  events: z
    .array(
      z.object({
        event_id: id,
        version: z.int(),
        checksum: z.int(),
        stock: z.object({ version: z.int(), available: z.int() }).nullable(),
        document: catalogDocument.nullable(),
      }),
    )
    .max(maxListedDocuments),
  next: id.nullable(),
});
export type ListedDocuments = z.output<typeof listedDocuments>;

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;
const bitsOfByte = 8;
const byte = 0xff;

/**
 * From 0 to 2^32 - 1, of all fields in one order (FNV-1a, 32 bits, of UTF-16; draft-eastlake-fnv). It finds what changed
 * by accident; nobody has a reason to make two documents alike.
 */
export function checksumOf(document: CatalogDocument): number {
  const written = JSON.stringify(
    Object.entries(document).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
  let sum = offsetBasis;
  for (let index = 0; index < written.length; index += 1) {
    const unit = written.charCodeAt(index);
    sum = Math.imul(sum ^ (unit & byte), prime);
    sum = Math.imul(sum ^ (unit >>> bitsOfByte), prime);
  }
  return sum >>> 0;
}
