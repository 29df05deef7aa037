/** Axes: from values to positions, with round ticks. Pure. */

export type Scale = {
  at: (value: number) => number;
  ticks: readonly number[];
};

const steps = [1, 2, 2.5, 5, 10];

/** From 0 to at least `most`, about `count` ticks at 1, 2, 2.5 or 5 times a power of ten. */
export function linearScale(most: number, from: number, to: number, count: number): Scale {
  const top = most > 0 ? most : 1;
  const power = 10 ** Math.floor(Math.log10(top / count));
  const step = (steps.find((one) => one * power * count >= top) ?? 10) * power;
  const end = Math.ceil(top / step - rounding) * step;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, at) => at * step);
  return { at: (value) => from + ((to - from) * value) / end, ticks };
}

/** Whole decades around the values; nothing at or below 0 can be drawn, and lies at the lower end. */
export function logScale(least: number, most: number, from: number, to: number): Scale {
  const low = Math.floor(Math.log10(Math.max(least, smallest)) + rounding);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(most, smallest)) - rounding));
  const ticks = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at));
  return {
    at: (value) => {
      const decades = Math.max(low, Math.log10(Math.max(value, smallest)));
      return from + ((to - from) * (decades - low)) / (high - low);
    },
    ticks,
  };
}

const smallest = 1e-6;
const rounding = 1e-9;
