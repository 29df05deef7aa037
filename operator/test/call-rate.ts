/** How many calls a minute somebody makes while something is wrong: what shows that it does not spin. */
import { expect } from 'vitest';

/** Anything that notes when it was called. */
export type Counted = { calls: () => readonly { atMs: number; path: string }[] };

/**
 * Calls that nobody holds against somebody who was just refused: a backoff begins with 5 ms, and doubles ten times in
 * the first five seconds, with a few calls each time.
 */
export const burstCalls = 60;

export type CallRate = {
  /** Calls but those about the lease. */
  calls: number;
  /** Calls but those about the lease, whose pace is a setting. */
  perMinute: number;
  /** The same of the second half of the time: what it goes on with. */
  latePerMinute: number;
  leasesPerMinute: number;
  seconds: number;
};

const msPerMinute = 60_000;
const secondsPerMinute = 60;

/** Counts from now on until it is asked. */
export function countCalls(counted: Counted): () => CallRate {
  const fromMs = Date.now();
  return () => {
    const ms = Date.now() - fromMs;
    const calls = counted.calls().filter(({ atMs }) => atMs >= fromMs);
    const isLease = ({ path }: { path: string }): boolean => path.includes('/leases');
    const own = calls.filter((call) => !isLease(call));
    const late = own.filter(({ atMs }) => atMs >= fromMs + ms / 2);
    const rate = (count: number): number => Math.round((count * msPerMinute) / ms);
    return {
      calls: own.length,
      perMinute: rate(own.length),
      latePerMinute: rate(2 * late.length),
      leasesPerMinute: rate(calls.length - own.length),
      seconds: Math.round(ms / 100) / 10,
    };
  };
}

/** Prints the rates, and fails when the calls are more than a burst and `limit` a minute. */
export function expectNoSpin(
  what: string,
  rates: Readonly<Record<string, CallRate>>,
  limit: number,
  more = '',
): void {
  const shown = Object.entries(rates).map(
    ([name, { perMinute, latePerMinute, leasesPerMinute, seconds }]) =>
      `${name} ${perMinute} a minute, at last ${latePerMinute} (and ${leasesPerMinute} about the lease) in ${seconds} s`,
  );
  process.stdout.write(`${what}: ${shown.join(', ')}${more === '' ? '' : `; ${more}`}\n`);
  for (const [name, { calls, seconds }] of Object.entries(rates))
    expect(calls, `calls to the ${name} in ${seconds} s with ${what}`).toBeLessThan(
      burstCalls + (limit * seconds) / secondsPerMinute,
    );
}
