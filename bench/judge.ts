/** What must hold after every run, whatever its speed. Pure. */
import type { Stock } from './measure/database.ts';
import type { SaleResult } from './result.ts';

export type Expectations = {
  /** Everything that could be sold must be; not so where the rate is chosen to be too high. */
  fills: boolean;
  /** No answer but sales and "sold out", and none missing; not so where the platform is killed or overloaded. */
  quiet: boolean;
  /** An acknowledged seat stays taken; not so where holds end during the run. */
  keeps: boolean;
};

/** The part of a result that is judged. */
export type Judged = Pick<
  SaleResult,
  'answers' | 'oversold' | 'lost' | 'duplicates' | 'sold' | 'fill' | 'brokenInvariants'
>;

/** One sentence for each thing that must not be. Speed is no fault. */
export function judge(result: Judged, stock: Stock | null, expects: Expectations): string[] {
  const disturbed = Object.entries(result.answers).filter(([status]) => status !== '200' && status !== '409');
  return [
    result.oversold > 0 && `${result.oversold} seats were sold twice`,
    result.lost > 0 && `${result.lost} acknowledged reservations are gone`,
    result.duplicates > 0 && `${result.duplicates} reservations were given to two buyers`,
    stock !== null &&
      stock.taken !== stock.booked &&
      `the counters say ${stock.taken} seats are taken, the bookings ${stock.booked}`,
    stock !== null &&
      stock.available + stock.taken !== stock.capacity &&
      `${stock.available} free and ${stock.taken} taken seats are not ${stock.capacity}`,
    expects.keeps &&
      stock !== null &&
      stock.booked < result.sold &&
      `${result.sold} seats were acknowledged, ${stock.booked} are booked`,
    expects.fills && result.fill < 1 && `only ${(100 * result.fill).toFixed(1)} % of the house was sold`,
    expects.quiet &&
      disturbed.length > 0 &&
      `answers that should not be: ${disturbed.map(([status, count]) => `${count} x ${status}`).join(', ')}`,
    ...(result.brokenInvariants ?? []),
  ].filter((fault) => fault !== false);
}
