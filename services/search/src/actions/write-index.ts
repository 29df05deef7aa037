/** Single events by hand: indexed, or dropped from the index until the catalog is compared again. */
import { checksumOf, type CatalogDocument } from '@evently/contracts/search';
import type { Database } from '@evently/kit/postgres';
import { findRows, keepDocuments } from '../store/catalog.ts';
import { markPending } from '../store/pending.ts';

export type WriteDeps = { db: Database; engines: readonly string[] };

/** False when a newer version is known, or the same. */
export async function indexEvent(
  deps: WriteDeps,
  told: { eventId: string; version: number; document: CatalogDocument },
): Promise<boolean> {
  return keep(deps, { ...told, checksum: checksumOf(told.document) });
}

/** The version stays the known one, so that every later word of the catalog brings the event back. */
export async function dropEvent(deps: WriteDeps, eventId: string): Promise<boolean> {
  const [known] = await findRows(deps.db, [eventId]);
  if (known === undefined || known.document === null) return false;
  return keep(deps, { eventId, version: known.version, document: null, checksum: 0 });
}

async function keep(deps: WriteDeps, told: Parameters<typeof keepDocuments>[1][number]): Promise<boolean> {
  return deps.db.transaction(async (client) => {
    const changed = await keepDocuments(client, [told]);
    await markPending(client, deps.engines, changed, true);
    return changed.length > 0;
  });
}
