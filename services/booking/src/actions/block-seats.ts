/** Moves seats between available and blocked, for callers that keep seats back from sale. */
import { refused, type Refused } from '../domain/refusals.ts';
import { totalOf } from '../domain/stock.ts';
import { changeStock, type StockDeps } from './change-stock.ts';

export type BlockInput = {
  eventId: string;
  quantity: number;
  version: number;
  direction: 'block' | 'unblock';
};

/**
 * Takes `quantity` seats tier by tier, in order of position. Refusals: unknown-event, version-conflict with
 * the current stock version when `version` is not it, not-enough-seats.
 */
export async function blockSeats(deps: StockDeps, input: BlockInput): Promise<{ ok: true } | Refused> {
  const [from, to] =
    input.direction === 'block' ? (['available', 'blocked'] as const) : (['blocked', 'available'] as const);
  const outcome = await changeStock<{ ok: true } | Refused>(deps, input.eventId, 'block', (change) => {
    if (change.sale.version !== input.version) {
      return Promise.resolve(refused({ kind: 'version-conflict', version: change.sale.version }));
    }
    const present = totalOf(change.stock, from);
    if (present < input.quantity)
      return Promise.resolve(refused({ kind: 'not-enough-seats', available: present }));
    let left = input.quantity;
    for (const tier of change.stock.values()) {
      const taken = Math.min(left, tier[from]);
      tier[from] -= taken;
      tier[to] += taken;
      left -= taken;
    }
    change.touched();
    return Promise.resolve({ ok: true });
  });
  return outcome?.value ?? refused({ kind: 'unknown-event' });
}
