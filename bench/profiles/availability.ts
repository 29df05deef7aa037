/** Everybody looks: reads of one event's availability through the gateway, without a token. */
import { formatCount } from 'evently/screen/table';
import { requestBytes } from 'evently/generator/request-bytes';
import { platformPlace, stage, targetOf, type Bench } from '../bench.ts';
import type { Arrivals, CallResult } from '../result.ts';
import { runCalls } from '../run-calls.ts';
import type { Profile } from './profile.ts';
import { maximumTitle } from './titles.ts';

const profile = 'availability';
const seats = 1_000;

export const availability: Profile = {
  name: profile,
  about: 'reads of availability through the gateway, at rates and as the maximum of a closed loop',
  settings: () => null,
  measure: async (bench, run) => {
    const { ratesPerSecond, seconds, reads, connections } = bench.sizes.availability;
    const eventId = await stage(bench, 'Bench availability', seats);
    const results: CallResult[] = [];
    for (const perSecond of ratesPerSecond) {
      const arrivals = { kind: 'even', perSecond } as const;
      const variant = `${formatCount(perSecond)} reads/s`;
      results.push(await readMany(bench, { run, eventId, variant, reads: perSecond * seconds, arrivals }));
    }
    const arrivals = { kind: 'maximum', connections } as const;
    results.push(await readMany(bench, { run, eventId, variant: maximumTitle, reads, arrivals }));
    return results;
  },
};

type ReadPlan = { run: number; eventId: string; variant: string; reads: number; arrivals: Arrivals };

function readMany(bench: Bench, plan: ReadPlan): Promise<CallResult> {
  bench.say(`${profile}: ${plan.variant}, run ${plan.run}`);
  const request = requestBytes(targetOf(bench.platform.runtime.gateway.url), {
    method: 'GET',
    path: `/api/booking/bookings/check-availability?event_id=${plan.eventId}&quantity=1`,
  });
  return runCalls(platformPlace(bench), {
    ...plan,
    profile,
    call: 'read',
    requests: Array.from({ length: plan.reads }, () => request),
    settleMs: bench.sizes.shortSettleMs,
  });
}
