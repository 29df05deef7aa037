/** Takes over what the catalog says of an event: tiers, capacity, prices, window, limits. */
import type { InventorySpec } from '@evently/contracts/inventory';
import type { Sql } from '@evently/kit/postgres';
import { refused, type Refusal, type Refused } from '../domain/refusals.ts';
import type { Stock } from '../domain/stock.ts';
import { windowAsText, windowInForce, type CatalogWindow } from '../domain/window.ts';
import { findArmed } from '../store/armed-sales.ts';
import {
  deleteTiers,
  ensureSale,
  hasBookings,
  listDetails,
  listTiersInUse,
  writeDetails,
  writeTerms,
  writeTiers,
  type Details,
  type TierWrite,
} from '../store/details.ts';
import { readStock, readWindow } from '../store/sales.ts';
import { changeStock, type CommittedChange, type StockChange, type StockDeps } from './change-stock.ts';

export type ApplyOutcome = { ok: true; applied: boolean } | Refused;
type Attempt = { outcome: ApplyOutcome; committed: CommittedChange | null };

/**
 * Idempotent and ordered by `revision`: a lower one than stored, or the same again, changes nothing.
 * Refusals: capacity-below-sold (below what is held, sold and blocked, I5), tier-in-use, currency-fixed,
 * sale-managed (the window of an armed sale may not be edited). A refusal changes nothing at all.
 */
export async function applyInventory(
  deps: StockDeps,
  eventId: string,
  spec: InventorySpec,
): Promise<ApplyOutcome> {
  try {
    const { outcome, committed } = await deps.db.transaction(async (client) => {
      const attempt = await applyWithin(deps, client, eventId, spec, false);
      // A refused first publication must not leave an empty sale behind.
      if (!attempt.outcome.ok) throw new RefusedInventory(attempt.outcome.refusal);
      return attempt;
    });
    if (committed !== null) deps.committed(committed);
    return outcome;
  } catch (error) {
    if (error instanceof RefusedInventory) return refused(error.refusal);
    throw error;
  }
}

/**
 * The same for a message that arrives after the editor was answered, in the message's transaction: there is
 * nobody left to refuse, so a capacity below what is taken is kept at what is taken, tiers in use stay, and
 * an armed window wins (I5). The change is the caller's to tell once its transaction is committed.
 */
export async function applyLateInventory(
  deps: StockDeps,
  client: Sql,
  eventId: string,
  spec: InventorySpec,
): Promise<CommittedChange | null> {
  const { outcome, committed } = await applyWithin(deps, client, eventId, spec, true);
  if (!outcome.ok)
    throw new Error(`the catalog's word on ${eventId} cannot be carried out: ${outcome.refusal.kind}`);
  return committed;
}

class RefusedInventory extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.kind);
    this.refusal = refusal;
  }
}

async function applyWithin(
  deps: StockDeps,
  client: Sql,
  eventId: string,
  spec: InventorySpec,
  late: boolean,
): Promise<Attempt> {
  await ensureSale(client, eventId, spec);
  const changed = await changeStock(deps, eventId, 'inventory', (change) => apply(change, spec, late), {
    within: client,
  });
  return changed === null
    ? { outcome: refused({ kind: 'unknown-event' }), committed: null }
    : { outcome: changed.value, committed: changed.committed };
}

async function apply(change: StockChange, spec: InventorySpec, late: boolean): Promise<ApplyOutcome> {
  const { client, sale } = change;
  const { eventId } = sale;
  const stored = (await listDetails(client, [eventId])).get(eventId);
  if (stored !== undefined && stored.revision >= spec.revision) return { ok: true, applied: false };
  const armed = await findArmed(client, eventId);
  const live = armed === null || armed.disarmed ? null : armed;
  const catalog = windowOf(spec);
  if (!late && live !== null && stored !== undefined && !sameWindow(stored, catalog))
    return refused({ kind: 'sale-managed' });
  if (sale.currency !== spec.currency && (await hasBookings(client, eventId))) {
    return refused({ kind: 'currency-fixed', currency: sale.currency });
  }
  const tiers = await planTiers(change, spec, late);
  if (!tiers.ok) return tiers;
  await writeTiers(client, eventId, tiers.write);
  if (tiers.remove.length > 0) await deleteTiers(client, eventId, tiers.remove);
  await writeTerms(client, eventId, spec, windowAsText(windowInForce(catalog, live)));
  await writeDetails(client, eventId, spec);
  await reload(change, spec);
  return { ok: true, applied: true };
}

function windowOf(spec: InventorySpec): CatalogWindow {
  const dateOf = (text: string | null): Date | null => (text === null ? null : new Date(text));
  return {
    status: spec.status,
    mode: spec.sale.mode,
    opensAt: dateOf(spec.sale.opens_at),
    closesAt: dateOf(spec.sale.closes_at),
  };
}

function sameWindow(stored: Details, next: CatalogWindow): boolean {
  const time = (date: Date | null): number | null => date?.getTime() ?? null;
  return (
    stored.window.mode === next.mode &&
    time(stored.window.opensAt) === time(next.opensAt) &&
    time(stored.window.closesAt) === time(next.closesAt)
  );
}

type TierPlan = { ok: true; write: TierWrite[]; remove: string[] } | Refused;

async function planTiers(change: StockChange, spec: InventorySpec, late: boolean): Promise<TierPlan> {
  const write: TierWrite[] = [];
  for (const [position, tier] of spec.tiers.entries()) {
    const present = change.stock.get(tier.tier_id);
    const taken = present === undefined ? 0 : present.held + present.sold + present.blocked;
    if (tier.capacity < taken && !late)
      return refused({ kind: 'capacity-below-sold', tierId: tier.tier_id, minimum: taken });
    write.push({
      tierId: tier.tier_id,
      position,
      name: tier.name,
      priceMinor: tier.price_minor,
      capacity: Math.max(tier.capacity, taken),
      available: Math.max(0, tier.capacity - taken),
    });
  }
  const kept = new Set(spec.tiers.map((tier) => tier.tier_id));
  const remove = [...change.stock.keys()].filter((tierId) => !kept.has(tierId));
  const inUse = remove.length === 0 ? [] : await listTiersInUse(change.client, change.sale.eventId, remove);
  const [first] = inUse;
  if (first !== undefined && !late) return refused({ kind: 'tier-in-use', tierId: first });
  return { ok: true, write, remove: remove.filter((tierId) => !inUse.includes(tierId)) };
}

/** What the rest of the change (matching the waitlist, the message) must see: stock, terms and window as written. */
async function reload(change: StockChange, spec: InventorySpec): Promise<void> {
  const stock: Stock = await readStock(change.client, change.sale.eventId);
  change.stock.clear();
  for (const [tierId, tier] of stock) change.stock.set(tierId, tier);
  change.sale.status = spec.status;
  change.sale.maxPerBuyer = spec.max_per_buyer;
  change.sale.currency = spec.currency;
  const window = await readWindow(change.client, change.sale.eventId);
  change.open = window.open;
  change.touched();
}
