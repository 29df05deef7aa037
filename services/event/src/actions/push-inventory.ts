/** Tells booking what can be sold of an event: by a message that cannot be lost, and by a call at once. */
import { topics } from '@evently/contracts/messages';
import type { InventorySpec } from '@evently/contracts/inventory';
import type { Clock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import { writeOutbox } from '@evently/kit/outbox';
import type { Sql } from '@evently/kit/postgres';
import type { CatalogEvent } from '../domain/event.ts';
import { inventorySpecOf } from '../domain/inventory-spec.ts';
import { stockOf } from '../domain/stock.ts';
import { keepStock } from '../store/stock.ts';
import { nextRevision } from '../store/upkeep.ts';
import type { BookingPort, BookingRefusal } from './ask-booking.ts';

export type PushDeps = { clock: Clock; booking: BookingPort };
export type PushOutcome = { ok: true; delivered: boolean } | { ok: false; refusal: BookingRefusal };

/**
 * Writes the message in the caller's transaction, whose event row must be locked, so that revisions rise
 * in the order of the edits. @returns what was written
 */
export async function announceInventory(
  deps: Pick<PushDeps, 'clock'>,
  client: Sql,
  event: CatalogEvent,
): Promise<InventorySpec> {
  const spec = inventorySpecOf(event, await nextRevision(client));
  await writeOutbox(client, {
    id: newId(deps.clock.now().getTime()),
    topic: topics.event,
    key: event.eventId,
    type: 'event.inventory_changed',
    payload: { event_id: event.eventId, spec },
  });
  return spec;
}

/**
 * The same, and asks booking at once while the row is locked. Its refusal means that the caller must roll
 * back; when it is away the message arrives later, and the caller may commit.
 */
export async function pushInventory(deps: PushDeps, client: Sql, event: CatalogEvent): Promise<PushOutcome> {
  const spec = await announceInventory(deps, client, event);
  const asked = await deps.booking.pushInventory(event.eventId, spec);
  switch (asked.kind) {
    case 'refused':
      return { ok: false, refusal: asked.refusal };
    case 'ok':
      await keepStock(client, event.eventId, stockOf(asked.value));
      return { ok: true, delivered: true };
    case 'away':
    case 'unknown-event':
      return { ok: true, delivered: false };
  }
}
