/** Who of the waiting gets stock that came free. Pure. */
import { fits, move, type Stock } from './stock.ts';

export type WaitingEntry = { id: string; userId: string; tierId: string; quantity: number };
export type Matched = {
  offers: WaitingEntry[];
  /** Entries whose offer would break their buyer's limit; they leave the list with that reason (I10). */
  overLimit: WaitingEntry[];
};

/**
 * Gives free stock to waiting entries in the order given (priority, joined, place), moving what it gives
 * from available to held. An entry that does not fit is passed over, so afterwards nothing that is
 * available fits anybody who waits in its tier (I27, I30).
 * @param held tickets each buyer has of the event already; updated with what is offered
 */
export function matchWaiting(
  stock: Stock,
  waiting: readonly WaitingEntry[],
  held: Map<string, number>,
  maxPerBuyer: number | null,
): Matched {
  const matched: Matched = { offers: [], overLimit: [] };
  for (const entry of waiting) {
    if (!fits(stock, [entry])) continue;
    const has = held.get(entry.userId) ?? 0;
    if (maxPerBuyer !== null && has + entry.quantity > maxPerBuyer) {
      matched.overLimit.push(entry);
      continue;
    }
    move(stock, [entry], 'available', 'held');
    held.set(entry.userId, has + entry.quantity);
    matched.offers.push(entry);
  }
  return matched;
}
