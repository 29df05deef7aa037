/** Poisson arrivals: independent buyers, so that gaps are exponential and bunches occur, repeatable by a seed. */

/**
 * The time of arrival `index` in milliseconds after the start, for `count` arrivals at `ratePerSecond` on
 * average. The same seed gives the same arrivals.
 */
export function poissonArrivals(
  count: number,
  ratePerSecond: number,
  seed: number,
): (index: number) => number {
  const random = createRandom(seed);
  const times = new Float64Array(count);
  let atMs = 0;
  for (let index = 0; index < count; index += 1) {
    times[index] = atMs;
    // Inverse of the exponential distribution's cumulative function; 1 - x keeps the logarithm finite.
    atMs += (-Math.log(1 - random()) * 1_000) / ratePerSecond;
  }
  return (index) => times[index] ?? Number.POSITIVE_INFINITY;
}

/** Numbers in [0, 1) by Mulberry32 (Tommy Ettinger), 32 bits of state: for spacing and mixing, never for secrets. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
