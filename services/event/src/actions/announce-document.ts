/** Tells the search service what can be found of an event, by a message that cannot be lost. */
import { topics } from '@evently/contracts/messages';
import type { Clock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import { writeOutbox } from '@evently/kit/outbox';
import type { Sql } from '@evently/kit/postgres';
import { documentOf } from '../domain/document.ts';
import type { CatalogEvent } from '../domain/event.ts';
import { keepDocumentVersion } from '../store/documents.ts';
import { nextRevision } from '../store/upkeep.ts';

/**
 * Writes the whole document as it is now, or its removal, in the caller's transaction, whose event row must be locked,
 * so that versions rise in the order of the edits.
 */
export async function announceDocument(
  deps: { clock: Clock },
  client: Sql,
  event: CatalogEvent,
): Promise<void> {
  const version = await nextRevision(client);
  await keepDocumentVersion(client, event.eventId, version);
  await writeOutbox(client, {
    id: newId(deps.clock.now().getTime()),
    topic: topics.event,
    key: event.eventId,
    type: 'event.document_changed',
    payload: { event_id: event.eventId, version, document: documentOf(event) },
  });
}
