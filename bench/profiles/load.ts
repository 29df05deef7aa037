/** The ramp to the knee, then a while at half and at four fifths of it, and the most that a closed loop gets. */
import { formatCount } from 'evently/screen/table';
import { isHeld, kneeOf, nextRate, type Step } from '../analysis/knee.ts';
import type { Bench } from '../bench.ts';
import type { Arrivals, SaleResult } from '../result.ts';
import { sell } from '../sell.ts';
import type { Profile } from './profile.ts';
import { maximumTitle, steadyTitle } from './titles.ts';

const profile = 'load';

export const load: Profile = {
  name: profile,
  about:
    'the maximum of a closed loop, the ramp to the knee, 50 % and 80 % of it, and 10,000 arrivals a second',
  settings: () => null,
  measure: async (bench, run) => {
    const results: SaleResult[] = [await measureMaximum(bench, run)];
    const steps: Step[] = [];
    const { ramp, rampSeconds, sustainSeconds, poissonSeconds } = bench.sizes;
    for (let rate = nextRate(ramp, steps); rate !== null; rate = nextRate(ramp, steps)) {
      const arrivals: Arrivals = { kind: 'even', perSecond: rate };
      const result = await serveAll(bench, run, `ramp ${formatCount(rate)}/s`, arrivals, rampSeconds);
      results.push(result);
      steps.push({ ratePerSecond: rate, held: isHeld(result) });
    }
    // Below the first step there is no knee to take a share of; the first rate stands in, and is named.
    const knee = Math.max(kneeOf(steps), ramp.firstPerSecond);
    for (const [share, kind] of sustained) {
      const perSecond = Math.round(share * knee);
      const variant = `${100 * share} % of the knee, ${kind}`;
      const seconds = kind === 'poisson' ? poissonSeconds : sustainSeconds;
      results.push(await serveAll(bench, run, variant, { kind, perSecond }, seconds));
    }
    const { perSecond, seconds } = bench.sizes.target;
    const steady = { kind: 'even', perSecond } as const;
    results.push(await serveAll(bench, run, steadyTitle(perSecond, seconds), steady, seconds));
    return results;
  },
};

const sustained = [
  [0.5, 'even'],
  [0.8, 'even'],
  [0.5, 'poisson'],
] as const;

/** A seat for everyone; buyers who are sent away come again, so that only speed can differ. */
function serveAll(
  bench: Bench,
  run: number,
  variant: string,
  arrivals: Arrivals & { kind: 'even' | 'poisson' },
  seconds: number,
): Promise<SaleResult> {
  const buyers = arrivals.perSecond * seconds;
  return sell(bench, {
    profile,
    variant,
    run,
    buyers,
    seats: buyers,
    arrivals,
    changes: { obeysRetryAfter: true },
  });
}

function measureMaximum(bench: Bench, run: number): Promise<SaleResult> {
  const { buyers, connections } = bench.sizes.maximum;
  return sell(bench, {
    profile,
    variant: maximumTitle,
    run,
    buyers,
    seats: buyers,
    arrivals: { kind: 'maximum', connections },
    changes: { settleMs: bench.sizes.settleMs },
  });
}
