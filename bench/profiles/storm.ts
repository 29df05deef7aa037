/** After the last ticket: of a thousand buyers one is served, the others are refused. */
import { formatCount } from 'evently/screen/table';
import type { Bench } from '../bench.ts';
import { startPods } from '../pods.ts';
import type { SaleResult } from '../result.ts';
import { sell, warmUp } from '../sell.ts';
import type { Profile } from './profile.ts';
import { atOneProcess, maximumTitle } from './titles.ts';

const profile = 'storm';
const buyersPerSeat = 1_000;

export const storm: Profile = {
  name: profile,
  about:
    'a sold-out storm: 99.9 % refusals, at rates and as the maximum of a closed loop, by the gateway and of one process',
  settings: () => null,
  measure: async (bench, run) => {
    const { buyers } = bench.sizes.storm;
    const common = { profile, run, buyers, seats: Math.ceil(buyers / buyersPerSeat) };
    return [...(await measureGateway(bench, common)), ...(await measureProcess(bench, common))];
  },
};

type Common = { profile: string; run: number; buyers: number; seats: number };

async function measureGateway(bench: Bench, common: Common): Promise<SaleResult[]> {
  const results: SaleResult[] = [];
  for (const perSecond of bench.sizes.storm.ratesPerSecond) {
    const variant = rateTitle(perSecond);
    results.push(await sell(bench, { ...common, variant, arrivals: { kind: 'even', perSecond } }));
  }
  const arrivals = { kind: 'maximum', connections: bench.sizes.maximum.connections } as const;
  results.push(await sell(bench, { ...common, variant: maximumTitle, arrivals }));
  return results;
}

/** One booking process by itself, as a pod is: no gateway, and no other service in its event loop. */
async function measureProcess(bench: Bench, common: Common): Promise<SaleResult[]> {
  const { connections, warmUpBuyers } = bench.sizes.strategies;
  const [perSecond = 0] = bench.sizes.storm.ratesPerSecond;
  const { place, stop } = await startPods(bench, 1);
  try {
    const maximum = { kind: 'maximum', connections } as const;
    await warmUp(bench, { ...common, place, arrivals: maximum, buyers: warmUpBuyers });
    const atRate = { variant: rateTitle(perSecond), arrivals: { kind: 'even', perSecond } } as const;
    const results: SaleResult[] = [];
    for (const { variant, arrivals } of [atRate, { variant: maximumTitle, arrivals: maximum }])
      results.push(await sell(bench, { ...common, place, variant: `${variant}${atOneProcess}`, arrivals }));
    return results;
  } finally {
    await stop();
  }
}

function rateTitle(perSecond: number): string {
  return `${formatCount(perSecond)} arrivals/s`;
}
