/** The counters of an event's tiers and what moves between them. Pure; every move keeps the sum (I2). */
import { strict as assert } from 'node:assert';
import type { Line } from './booking.ts';

export type Tier = {
  tierId: string;
  position: number;
  name: string;
  priceMinor: number;
  capacity: number;
  available: number;
  held: number;
  sold: number;
  blocked: number;
};
/** Tiers by id, in order of position. A working copy inside one transaction. */
export type Stock = Map<string, Tier>;
export type Place = 'available' | 'held' | 'sold' | 'blocked';
type Quantities = readonly Pick<Line, 'tierId' | 'quantity'>[];

export function copyStock(stock: Stock): Stock {
  return new Map([...stock].map(([tierId, tier]) => [tierId, { ...tier }]));
}

/** True when every line fits into what is available; a tier may be named more than once. */
export function fits(stock: Stock, lines: Quantities): boolean {
  const wanted = new Map<string, number>();
  for (const line of lines) wanted.set(line.tierId, (wanted.get(line.tierId) ?? 0) + line.quantity);
  return [...wanted].every(([tierId, quantity]) => (stock.get(tierId)?.available ?? -1) >= quantity);
}

/** Moves every line from one place to another. Asserts that it is there: callers ask `fits` before. */
export function move(stock: Stock, lines: Quantities, from: Place, to: Place): void {
  for (const { tierId, quantity } of lines) {
    const tier = stock.get(tierId);
    assert(tier !== undefined, `tier ${tierId} is not part of the event`);
    assert(tier[from] >= quantity, `tier ${tierId} has ${tier[from]} ${from}, not ${quantity}`);
    tier[from] -= quantity;
    tier[to] += quantity;
  }
}

export function totalOf(stock: Stock, place: Place | 'capacity'): number {
  return [...stock.values()].reduce((sum, tier) => sum + tier[place], 0);
}
