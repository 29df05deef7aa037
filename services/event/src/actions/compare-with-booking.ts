/** Finds events of which booking was told something that the catalog never kept, and tells it again. */
import type { Database } from '@evently/kit/postgres';
import { findEvent, lockEvent, updateEvent } from '../store/events.ts';
import { listExpected, type Expected } from '../store/upkeep.ts';
import { announceInventory, type PushDeps } from './push-inventory.ts';

export type CompareDeps = PushDeps & { db: Database };

const quietSeconds = 10;
const page = 100;
const maxPages = 200;
const firstId = '00000000-0000-0000-0000-000000000000';

/**
 * An edit asks booking before it commits. If this process dies in between, booking knows an edit that does
 * not exist; its catalog version then differs from the stored one. Events edited in the last 10 s are left
 * alone: their message is on its way. @returns how many were told again
 */
export async function compareWithBooking(deps: CompareDeps): Promise<number> {
  let repaired = 0;
  let afterId = firstId;
  for (let number = 0; number < maxPages; number += 1) {
    const expected = await listExpected(deps.db, afterId, quietSeconds, page);
    const last = expected.at(-1);
    if (last === undefined) break;
    afterId = last.eventId;
    const asked = await deps.booking.listStock(expected.map((event) => event.eventId));
    if (asked.kind !== 'ok') break;
    const told = new Map(asked.value.map((stock) => [stock.event_id, stock.catalog_version]));
    for (const event of expected) {
      if (differs(event, told.get(event.eventId)) && (await tellAgain(deps, event))) repaired += 1;
    }
  }
  return repaired;
}

/** A draft that booking does not know is as it should be; a published event must be known. */
function differs(expected: Expected, toldVersion: number | undefined): boolean {
  if (toldVersion === undefined) return !expected.isDraft;
  return toldVersion !== expected.pushedVersion;
}

/** Locks the event's row; nothing when it was edited since. A draft's word is that nothing is sold. */
async function tellAgain(deps: CompareDeps, expected: Expected): Promise<boolean> {
  return deps.db.transaction(async (client) => {
    const event = (await lockEvent(client, expected.eventId))
      ? await findEvent(client, expected.eventId)
      : null;
    if (event === null || event.pushedVersion !== expected.pushedVersion) return false;
    if ((event.status === 'draft') !== expected.isDraft) return false;
    const known = event.status === 'draft' ? { ...event, pushedVersion: event.version } : event;
    if (known !== event) await updateEvent(client, known);
    await announceInventory(deps, client, known);
    return true;
  });
}
