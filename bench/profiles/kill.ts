/** SIGKILL in mid-sale, of the platform and of PostgreSQL: buyers come again with their keys until they know. */
import type { Bench } from '../bench.ts';
import type { SaleResult } from '../result.ts';
import { platformPlace } from '../bench.ts';
import { sell } from '../sell.ts';
import type { Profile } from './profile.ts';

const profile = 'kill';
const killAtShare = 0.4;
const houseShare = 0.8;

export const kill: Profile = {
  name: profile,
  about: 'SIGKILL of the platform and of PostgreSQL in mid-sale, and the recovery',
  // A platform of its own, so that no other profile is measured on one that was just killed.
  settings: ({ name }) => (name === 'full' ? {} : null),
  measure: async (bench, run) => [
    await killInMidSale(bench, run, 'platform killed', async () => {
      await bench.platform.kill();
      await bench.platform.restart();
    }),
    await killInMidSale(bench, run, 'PostgreSQL killed', () => {
      // The platform was started just now, so its record of PostgreSQL's process is fresh.
      bench.platform.killPostgres();
      return Promise.resolve();
    }),
  ],
};

async function killInMidSale(
  bench: Bench,
  run: number,
  variant: string,
  strike: () => Promise<void>,
): Promise<SaleResult> {
  const { buyers, perSecond } = bench.sizes.mixture;
  const seats = Math.floor(buyers * houseShare);
  let sales = 0;
  let struckAtMs: number | null = null;
  let recoveryMs: number | null = null;
  let recovered: Promise<void> = Promise.resolve();
  const result = await sell(bench, {
    profile,
    variant,
    run,
    buyers,
    seats,
    arrivals: { kind: 'even', perSecond },
    // The counters of a process that is killed are gone.
    place: {
      ...platformPlace(bench),
      metricsUrls: [],
      servers: [],
      answeredBy: bench.platform.runtime.pid,
    },
    changes: {
      obeysRetryAfter: true,
      repeatsUnanswered: true,
      expects: { fills: true, quiet: true, keeps: true },
      onSale: (endedMs) => {
        sales += 1;
        if (sales >= seats * killAtShare && struckAtMs === null) {
          struckAtMs = endedMs;
          recovered = strike();
        } else if (struckAtMs !== null && endedMs > struckAtMs + bytesOnTheWireMs) {
          recoveryMs ??= endedMs - struckAtMs;
        }
      },
    },
  });
  await recovered;
  const untold = { commitsPerSale: null, cpuMicrosecondsPerSale: null, cpuMicrosecondsPerAnswer: null };
  const faults = recoveryMs === null ? [...result.faults, 'nothing was sold after the kill'] : result.faults;
  return { ...result, ...untold, recoveryMs, faults };
}

// Answers that were sent before the kill are still read this long after it.
const bytesOnTheWireMs = 50;
