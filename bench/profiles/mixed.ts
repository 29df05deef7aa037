/** One hot event among many others: reads, confirmations, cancellations and expiries go on beside the sale. */
import { platformPlace, stage, targetOf } from '../bench.ts';
import type { Besides } from '../result.ts';
import { sell } from '../sell.ts';
import { otherFaults, runOtherTraffic } from './other-traffic.ts';
import type { Profile } from './profile.ts';

const profile = 'mixed';
const coldSeats = 1_000;
const houseShare = 0.5;
const holdSeconds = '2';

export const mixed: Profile = {
  name: profile,
  about: 'one hot event, many cold ones, reads, confirmations, cancellations, holds that expire',
  settings: () => ({ BOOKING_HOLD_SECONDS: holdSeconds }),
  measure: async (bench, run) => {
    const { hotPerSecond, otherPerSecond, seconds, coldEvents } = bench.sizes.mixed;
    const count = otherPerSecond * seconds;
    const buyers = hotPerSecond * seconds;
    bench.say(`${profile}: ${coldEvents} other events are published`);
    const eventIds: string[] = [];
    for (let at = 0; at < coldEvents; at += 1) eventIds.push(await stage(bench, `Cold ${at}`, coldSeats));
    const tokens = await bench.tokens.take(bench.platform.runtime.pid, count);
    const target = targetOf(bench.platform.runtime.gateway.url);
    let besides: Readonly<Record<string, Besides>> = {};
    const result = await sell(bench, {
      profile,
      variant: 'hot event among others',
      run,
      buyers,
      seats: Math.floor(buyers * houseShare),
      arrivals: { kind: 'even', perSecond: hotPerSecond },
      place: platformPlace(bench),
      changes: {
        // Holds expire after two seconds here, so seats of the hot event are sold more than once in a row.
        expects: { fills: true, quiet: true, keeps: false },
        besides: async () => {
          const plan = { target, eventIds, tokens, perSecond: otherPerSecond, count, seed: run };
          besides = await runOtherTraffic(plan);
        },
      },
    });
    return [{ ...result, besides, faults: [...result.faults, ...otherFaults(besides)] }];
  },
};
