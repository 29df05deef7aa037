/** How large a run of a load script is. Pure: read by what prepares a run and by the script itself. */

export const scriptNames = ['on-sale', 'ramp', 'sold-out-storm', 'browse', 'soak'] as const;
export type ScriptName = (typeof scriptNames)[number];

export type Sizes = {
  /** Arrivals per second; of the ramp, those at its end. */
  rate: number;
  /** Of the ramp: arrivals per second at its beginning. */
  startRate: number;
  /** Of the soak: reads per second beside the buyers. */
  readRate: number;
  seconds: number;
  events: number;
  /** Of each event. */
  seats: number;
};
export type SizeName = keyof Sizes;
type Environment = Readonly<Record<string, string | undefined>>;

const variables: Readonly<Record<SizeName, string>> = {
  rate: 'RATE',
  startRate: 'START_RATE',
  readRate: 'READ_RATE',
  seconds: 'DURATION_SECONDS',
  events: 'EVENTS',
  seats: 'SEATS',
};
const most: Readonly<Record<SizeName, number>> = {
  rate: 50_000,
  startRate: 50_000,
  readRate: 50_000,
  seconds: 86_400,
  events: 500,
  seats: 1_000_000,
};
// Of 0 there is none, and its variable is not read.
const defaults: Readonly<Record<ScriptName, Sizes>> = {
  'on-sale': { rate: 500, startRate: 0, readRate: 0, seconds: 20, events: 1, seats: 5_000 },
  ramp: { rate: 1_000, startRate: 50, readRate: 0, seconds: 30, events: 1, seats: 0 },
  'sold-out-storm': { rate: 1_000, startRate: 0, readRate: 0, seconds: 20, events: 1, seats: 100 },
  browse: { rate: 200, startRate: 0, readRate: 0, seconds: 30, events: 5, seats: 100 },
  soak: { rate: 10, startRate: 0, readRate: 4, seconds: 600, events: 5, seats: 0 },
};
const oneEvent: ReadonlySet<ScriptName> = new Set(['on-sale', 'ramp', 'sold-out-storm']);
export const seatsPerOrder = 10;
const mostBuyers = 500_000;
const soakBuyersAtLeast = 20;
const secondsBetweenOrdersOfOneBuyer = 60;

/** The variables that a script takes, with their defaults. */
export function sizesOf(script: ScriptName): readonly { variable: string; fallback: number }[] {
  return takenBy(script).map((name) => ({ variable: variables[name], fallback: defaults[script][name] }));
}

/** Throws a sentence when a variable is no whole number within its bounds or the run would be too large. */
export function readSizes(script: ScriptName, env: Environment): Sizes {
  const sizes = { ...defaults[script] };
  for (const name of takenBy(script)) {
    const text = env[variables[name]];
    if (text !== undefined && text !== '') sizes[name] = wholeNumber(variables[name], text, 1, most[name]);
  }
  if (sizes.seats === 0) sizes.seats = arrivalsAtMost(script, sizes);
  if (sizes.seats > most.seats || buyersOf(script, sizes) > mostBuyers)
    throw new Error(
      `${script} would need ${buyersOf(script, sizes)} buyers; at most ${mostBuyers} are prepared: lower RATE or DURATION_SECONDS.`,
    );
  return sizes;
}

function takenBy(script: ScriptName): SizeName[] {
  const names: SizeName[] = ['rate', 'startRate', 'readRate', 'seconds', 'events', 'seats'];
  return names.filter((name) => defaults[script][name] > 0 && !(name === 'events' && oneEvent.has(script)));
}

/** Variables that are set and differ from what a run was prepared with: they would change nothing. */
export function changedSizes(script: ScriptName, prepared: Sizes, env: Environment): string[] {
  return takenBy(script)
    .filter((name) => (env[variables[name]] ?? '') !== '' && env[variables[name]] !== String(prepared[name]))
    .map((name) => `${variables[name]}=${prepared[name]}`);
}

/** A whole number within bounds, or a sentence that names the variable. */
export function wholeNumber(variable: string, text: string, least: number, largest: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= largest) return number;
  throw new Error(`${variable} must be a whole number from ${least} to ${largest}, not "${text}".`);
}

/** Arrivals that k6 may start: what is asked for, and a few more, since it rounds. */
function arrivalsAtMost(script: ScriptName, { rate, startRate, seconds }: Sizes): number {
  const arrivals = script === 'ramp' ? ((startRate + rate) / 2) * seconds : rate * seconds;
  return Math.ceil(arrivals * 1.01) + 10;
}

/** Buyers with a token of their own; in a soak each comes again after a minute. */
export function buyersOf(script: ScriptName, sizes: Sizes): number {
  const arrivals = arrivalsAtMost(script, sizes);
  switch (script) {
    case 'browse':
      return 0;
    case 'on-sale':
    case 'ramp':
      return arrivals;
    case 'sold-out-storm':
      return arrivals + fillersOf(sizes);
    case 'soak':
      return Math.min(arrivals, Math.max(soakBuyersAtLeast, sizes.rate * secondsBetweenOrdersOfOneBuyer));
  }
}

/** Buyers who take all seats of an event before a storm; they are the last of the buyers. */
export function fillersOf({ seats }: Sizes): number {
  return Math.ceil(seats / seatsPerOrder);
}
