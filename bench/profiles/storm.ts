/** After the last ticket: of a thousand buyers one is served, the others are refused. */
import { formatCount } from 'evently/screen/table';
import type { Bench } from '../bench.ts';
import { startPods } from '../pods.ts';
import type { SaleResult } from '../result.ts';
import { sell, warmUp } from '../sell.ts';
import type { Profile } from './profile.ts';
import { maximumTitle, processMaximumTitle } from './titles.ts';

const profile = 'storm';
const buyersPerSeat = 1_000;

export const storm: Profile = {
  name: profile,
  about:
    'a sold-out storm: 99.9 % refusals, at rates and as the maximum of a closed loop, by the gateway and of one process',
  settings: () => null,
  measure: async (bench, run) => {
    const { buyers, ratesPerSecond } = bench.sizes.storm;
    const common = { profile, run, buyers, seats: Math.ceil(buyers / buyersPerSeat) };
    const results: SaleResult[] = [];
    for (const perSecond of ratesPerSecond) {
      const variant = `${formatCount(perSecond)} arrivals/s`;
      results.push(await sell(bench, { ...common, variant, arrivals: { kind: 'even', perSecond } }));
    }
    const { connections } = bench.sizes.maximum;
    const arrivals = { kind: 'maximum', connections } as const;
    results.push(await sell(bench, { ...common, variant: maximumTitle, arrivals }));
    results.push(await measureProcess(bench, common));
    return results;
  },
};

/** One booking process by itself, as a pod is: no gateway, and no other service in its event loop. */
async function measureProcess(
  bench: Bench,
  common: { profile: string; run: number; buyers: number; seats: number },
): Promise<SaleResult> {
  const { connections, warmUpBuyers } = bench.sizes.strategies;
  const { place, stop } = await startPods(bench, 1);
  try {
    const plan = { ...common, place, arrivals: { kind: 'maximum', connections } } as const;
    await warmUp(bench, { ...plan, buyers: warmUpBuyers });
    return await sell(bench, { ...plan, variant: processMaximumTitle });
  } finally {
    await stop();
  }
}
