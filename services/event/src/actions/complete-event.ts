/** Ends the life of an event whose end has passed. */
import type { Database } from '@evently/kit/postgres';
import { findEvent, lockEvent, updateEvent } from '../store/events.ts';
import { announceDocument } from './announce-document.ts';
import { announceInventory, type PushDeps } from './push-inventory.ts';

/** Others hear of it by message only: nobody waits. Locks the event's row; nothing when it is not due. */
export async function completeEvent(
  deps: Pick<PushDeps, 'clock'> & { db: Database },
  eventId: string,
): Promise<boolean> {
  return deps.db.transaction(async (client) => {
    const event = (await lockEvent(client, eventId)) ? await findEvent(client, eventId) : null;
    if (event === null || event.status !== 'published') return false;
    const version = event.version + 1;
    const completed = { ...event, status: 'completed', version, pushedVersion: version } as const;
    await updateEvent(client, completed);
    await announceInventory(deps, client, completed);
    await announceDocument(deps, client, completed);
    return true;
  });
}
