/** The drills and who takes part: how many buyers come for how many seats, and how fast. */

export type DrillSpec = {
  /** As typed after --only: buyers x seats. */
  name: string;
  buyers: number;
  seats: number;
  /** Arrivals per second. */
  ratePerSecond: number;
  /** `registered`: accounts made through the interface. `issued`: tokens of the load test's endpoint. */
  herd: 'registered' | 'issued';
};

/** Small herds arrive within a tenth of a second; the big one at 5,000 per second. */
export const standardDrills: readonly DrillSpec[] = [
  { name: '10x1', buyers: 10, seats: 1, ratePerSecond: 1_000, herd: 'registered' },
  { name: '300x10', buyers: 300, seats: 10, ratePerSecond: 3_000, herd: 'registered' },
  { name: '300x299', buyers: 300, seats: 299, ratePerSecond: 3_000, herd: 'registered' },
  { name: '10000x1000', buyers: 10_000, seats: 1_000, ratePerSecond: 5_000, herd: 'issued' },
];

const largestRegisteredHerd = 500;
const largestHerd = 20_000;
const largestHouse = 100_000;

/**
 * The drill that `name` stands for: a standard one, or any other `buyersxseats` of at most 20,000 buyers
 * (more than 500 use issued tokens). Null when it is neither.
 */
export function findDrill(name: string): DrillSpec | null {
  const standard = standardDrills.find((drill) => drill.name === name);
  if (standard !== undefined) return standard;
  const match = /^(\d{1,6})x(\d{1,6})$/.exec(name);
  const buyers = Number(match?.[1] ?? 0);
  const seats = Number(match?.[2] ?? 0);
  if (buyers < 1 || buyers > largestHerd || seats < 1 || seats > largestHouse) return null;
  const herd = buyers <= largestRegisteredHerd ? 'registered' : 'issued';
  return { name, buyers, seats, ratePerSecond: buyers <= largestRegisteredHerd ? 3_000 : 5_000, herd };
}
