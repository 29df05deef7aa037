/** Arms and disarms an event's sale window, fenced so that an old command cannot undo a newer one. */
import { mayReplace, type Fence } from '../domain/fencing.ts';
import { refused, type Refused } from '../domain/refusals.ts';
import { windowAsText, windowInForce, type ArmedWindow } from '../domain/window.ts';
import { findArmed, listDetails, writeArmed, writeWindow } from '../store/details.ts';
import { readWindow } from '../store/sales.ts';
import { changeStock, type StockDeps } from './change-stock.ts';

export type ArmOutcome = { ok: true } | Refused;

/**
 * Puts the armed window in force; it wins over the catalog's. Idempotent. Refusals: unknown-event, and
 * stale-epoch with what is stored when (epoch, uid, generation) is older.
 */
export async function armSale(
  deps: StockDeps,
  eventId: string,
  command: Fence & ArmedWindow,
): Promise<ArmOutcome> {
  return writeSale(deps, eventId, command, command, false);
}

/**
 * Gives the window back to the catalog and leaves a tombstone, also where nothing was armed: the command to
 * arm may still be on its way. Refusals: unknown-event, stale-epoch.
 */
export async function disarmSale(deps: StockDeps, eventId: string, fence: Fence): Promise<ArmOutcome> {
  return writeSale(deps, eventId, fence, null, true);
}

async function writeSale(
  deps: StockDeps,
  eventId: string,
  fence: Fence,
  window: ArmedWindow | null,
  disarm: boolean,
): Promise<ArmOutcome> {
  const outcome = await changeStock<ArmOutcome>(deps, eventId, 'inventory', async (change) => {
    const stored = await findArmed(change.client, eventId);
    const repeated =
      disarm && stored?.disarmed === true && stored.uid === fence.uid && stored.epoch === fence.epoch;
    if (repeated) return { ok: true };
    if (stored !== null && !mayReplace(stored, fence)) {
      return refused({
        kind: 'stale-epoch',
        epoch: stored.epoch,
        uid: stored.uid,
        generation: stored.generation,
      });
    }
    const details = (await listDetails(change.client, [eventId])).get(eventId);
    if (details === undefined) return refused({ kind: 'unknown-event' });
    const terms: ArmedWindow = window ??
      stored ?? { opensAt: change.now, closesAt: change.now, intent: 'Stop' };
    const { opensAt, closesAt, intent } = terms;
    await writeArmed(change.client, eventId, { ...fence, opensAt, closesAt, intent }, disarm);
    await writeWindow(
      change.client,
      eventId,
      windowAsText(windowInForce(details.window, disarm ? null : terms)),
    );
    change.open = (await readWindow(change.client, eventId)).open;
    change.touched();
    return { ok: true };
  });
  return outcome?.value ?? refused({ kind: 'unknown-event' });
}
