/** Buyers as they are: orders of one to four seats, and clients that send the same request again. */
import { createRandom } from 'evently/generator/poisson';
import type { Bench } from '../bench.ts';
import type { SaleResult } from '../result.ts';
import { sell } from '../sell.ts';
import type { Profile } from './profile.ts';

const largestOrder = 4;
// Of what is asked for: more than the house has, and enough small orders after the last large one fits.
const houseShare = 0.6;
const repeatedShare = 0.05;
// A client repeats within moments, while its first request may still be under way.
const repeatWithin = 200;

export const orders: Profile = {
  name: 'orders',
  about: 'orders of 1 to 4 seats until the house is full',
  settings: () => null,
  measure: async (bench, run) => {
    const { buyers, perSecond } = bench.sizes.mixture;
    const random = createRandom(run);
    const quantities = Array.from({ length: buyers }, () => 1 + Math.floor(random() * largestOrder));
    const demand = quantities.reduce((sum, quantity) => sum + quantity, 0);
    const result = await sell(bench, {
      profile: 'orders',
      variant: 'orders of 1 to 4',
      run,
      buyers,
      seats: Math.floor(demand * houseShare),
      quantityOf: (buyer) => quantities[buyer] ?? 1,
      arrivals: { kind: 'poisson', perSecond },
    });
    return [result];
  },
};

export const repeatedKeys: Profile = {
  name: 'repeats',
  about: '5 % of the requests repeat an earlier one with its key',
  settings: () => null,
  measure: async (bench, run) => [await repeatSome(bench, run)],
};

async function repeatSome(bench: Bench, run: number): Promise<SaleResult> {
  const { buyers, perSecond } = bench.sizes.mixture;
  const random = createRandom(run);
  const arrivalsOf: number[] = [];
  for (let buyer = 0; buyer < buyers; buyer += 1) {
    arrivalsOf.push(buyer);
    if (random() < repeatedShare) arrivalsOf.push(Math.max(0, buyer - Math.floor(random() * repeatWithin)));
  }
  const result = await sell(bench, {
    profile: 'repeats',
    variant: '5 % repeated keys',
    run,
    buyers,
    seats: buyers,
    arrivals: { kind: 'even', perSecond },
    arrivalsOf,
  });
  const repeats = arrivalsOf.length - buyers;
  const missing = repeats - result.replayed;
  if (missing === 0) return result;
  return {
    ...result,
    faults: [...result.faults, `${missing} of ${repeats} repeated requests got no stored answer`],
  };
}
