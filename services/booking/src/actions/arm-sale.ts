/** Arms and disarms an event's sale window, fenced so that an old command cannot undo a newer one. */
import { isDisarmedBy, mayReplace, retiredAfter, type Fence } from '../domain/fencing.ts';
import { refused, type Refused } from '../domain/refusals.ts';
import { windowAsText, windowInForce } from '../domain/window.ts';
import { findArmed, writeArmed, type Armed, type ArmedTerms } from '../store/armed-sales.ts';
import { listDetails, writeWindow } from '../store/details.ts';
import { readWindow } from '../store/sales.ts';
import { changeStock, type StockChange, type StockDeps } from './change-stock.ts';

export type ArmOutcome = { ok: true } | Refused;

/** How long before its opening a sale is warm when nobody says otherwise. */
export const defaultWarmLeadMs = 600_000;

/**
 * Puts the armed window in force; it wins over the catalog's. Idempotent: the same command again changes
 * nothing. In force for every process when this has answered, because the window is read under the event's
 * lock. Refusals: unknown-event, and stale-epoch with what is stored when (epoch, uid, generation) is older.
 */
export async function armSale(
  deps: StockDeps,
  eventId: string,
  command: Fence & ArmedTerms,
): Promise<ArmOutcome> {
  return writeSale(deps, eventId, command, command);
}

/**
 * Gives the window back to the catalog and leaves a tombstone, also where nothing was armed: the command to
 * arm may still be on its way. Touches no booking and no counter (I43). Refusals: unknown-event, stale-epoch.
 */
export async function disarmSale(deps: StockDeps, eventId: string, fence: Fence): Promise<ArmOutcome> {
  return writeSale(deps, eventId, fence, null);
}

async function writeSale(
  deps: StockDeps,
  eventId: string,
  fence: Fence,
  terms: ArmedTerms | null,
): Promise<ArmOutcome> {
  const outcome = await changeStock<ArmOutcome>(deps, eventId, 'inventory', async (change) => {
    const stored = await findArmed(change.client, eventId);
    if (stored !== null) {
      if (terms === null ? isDisarmedBy(stored, fence) : isInForce(stored, { ...fence, ...terms }))
        return { ok: true };
      if (!mayReplace(stored, fence)) {
        const { epoch, uid, generation } = stored;
        return refused({ kind: 'stale-epoch', epoch, uid, generation });
      }
    }
    return replace(change, stored, fence, terms);
  });
  return outcome?.value ?? refused({ kind: 'unknown-event' });
}

async function replace(
  change: StockChange,
  stored: Armed | null,
  fence: Fence,
  terms: ArmedTerms | null,
): Promise<ArmOutcome> {
  const { client, now } = change;
  const { eventId } = change.sale;
  const details = (await listDetails(client, [eventId])).get(eventId);
  if (details === undefined) return refused({ kind: 'unknown-event' });
  const { opensAt, closesAt, intent, warmLeadMs } = terms ??
    stored ?? { opensAt: now, closesAt: now, intent: 'Stop', warmLeadMs: 0 };
  const retired = retiredAfter(stored, fence);
  const disarmed = terms === null;
  const { epoch, uid, generation } = fence;
  const armed = { epoch, uid, generation, opensAt, closesAt, intent, warmLeadMs, retired, disarmed };
  await writeArmed(client, eventId, armed);
  await writeWindow(client, eventId, windowAsText(windowInForce(details.window, terms)));
  change.open = (await readWindow(client, eventId)).open;
  change.touched();
  return { ok: true };
}

/** True for the command that is stored already, word for word. */
function isInForce(stored: Armed, command: Fence & ArmedTerms): boolean {
  return (
    !stored.disarmed &&
    stored.epoch === command.epoch &&
    stored.uid === command.uid &&
    stored.generation === command.generation &&
    stored.opensAt.getTime() === command.opensAt.getTime() &&
    stored.closesAt?.getTime() === command.closesAt?.getTime() &&
    stored.intent === command.intent &&
    stored.warmLeadMs === command.warmLeadMs
  );
}
