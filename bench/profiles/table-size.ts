/** Does a full table sell as fast as an empty one? One booking process on copies of a small and a large database. */
import { verifyBooking } from '@evently/booking/store/verify';
import { openReader, type Bench } from '../bench.ts';
import { copyDatabase, dropDatabase, prepareDatabase } from '../own-database.ts';
import { startPods } from '../pods.ts';
import type { SaleResult } from '../result.ts';
import { sellDirectly } from '../sell-directly.ts';
import { fillBookings } from '../stock-event.ts';
import type { Profile } from './profile.ts';
import { tableTitle } from './titles.ts';

const profile = 'table-size';
const heldEvery = 10;

export const tableSize: Profile = {
  name: profile,
  about: 'sales with few and with many bookings in the tables, in turns',
  settings: () => null,
  measure: async (bench, run) => {
    const { bookings, buyers, warmUpBuyers, connections } = bench.sizes.tableSize;
    for (const count of bookings) await fillTemplate(bench, count);
    const results: SaleResult[] = [];
    // Turned from run to run, so that neither always has the warmer machine.
    const order = run % 2 === 0 ? bookings.toReversed() : bookings;
    for (const count of order) {
      results.push(await measureWith(bench, run, { count, buyers, warmUpBuyers, connections }));
    }
    return results;
  },
};

const templateOf = (count: number): string => `bench_filled_${count}`;

/** Once per platform: the database that each measurement gets a copy of. */
async function fillTemplate(bench: Bench, count: number): Promise<void> {
  const db = openReader(await prepareDatabase(bench, templateOf(count)));
  try {
    const { rows } = await db.query<{ filled: boolean }>('select exists (select 1 from bookings) as filled');
    if (rows[0]?.filled === true) return;
    bench.say(`${profile}: ${count} bookings are made`);
    await fillBookings(db, count, heldEvery);
    await db.query('vacuum analyze');
  } finally {
    await db.close();
  }
}

type Filled = { count: number; buyers: number; warmUpBuyers: number; connections: number };

async function measureWith(bench: Bench, run: number, filled: Filled): Promise<SaleResult> {
  const name = 'bench_measured';
  const url = await copyDatabase(bench, templateOf(filled.count), name);
  const db = openReader(url);
  try {
    const pods = await startPods(bench, 1, { BOOKING_DATABASE_URL: url });
    try {
      const place = { ...pods.place, db, brokenInvariants: () => brokenIn(db) };
      const arrivals = { kind: 'maximum', connections: filled.connections } as const;
      const common = { profile, run, arrivals, fills: true, settleMs: bench.sizes.shortSettleMs };
      const warmUp = { ...common, variant: 'warm-up', buyers: filled.warmUpBuyers };
      if (warmUp.buyers > 0) await sellDirectly(bench, place, db, warmUp);
      const variant = tableTitle(filled.count);
      return await sellDirectly(bench, place, db, { ...common, variant, buyers: filled.buyers });
    } finally {
      await pods.stop();
    }
  } finally {
    await db.close();
    await dropDatabase(bench, name);
  }
}

async function brokenIn(db: Parameters<typeof verifyBooking>[0]): Promise<string[]> {
  const checks = await verifyBooking(db);
  return checks
    .filter(({ violations }) => violations.count > 0)
    .map(({ invariant, about, violations }) => `${invariant} ${about}: ${violations.count} violations`);
}
