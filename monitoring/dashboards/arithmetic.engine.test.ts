/** What the dashboards calculate, by a real engine of PromQL: two processes that report the same stock, and count for themselves. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, type TestContext } from 'vitest';
import { stringify } from 'yaml';
import { judge, requirePromtool, type Verdict } from '../alerts/promtool.ts';
import { everything, replaceVariables } from '../expressions.ts';
import { dashboards } from './dashboard-files.ts';

type Sample = { labels: string; value: number };
type Promised = { dashboard: string; panel: string; query?: number; samples: readonly Sample[] };

const pods = ['booking-0', 'booking-1'];
const target = (instance: string): string => `job="booking",instance="${instance}"`;

/** The same from each of the two, as what is read from their one database is. */
const shared = (name: string, labels: string, values: string): object[] =>
  pods.map((pod) => ({ series: `${name}{${target(pod)},${labels}}`, values }));
const counted = (name: string, labels: string, pod: string, values: string): object => ({
  series: `${name}{${target(pod)},${labels}}`,
  values,
});

const event = 'event="e1"';
const requests = 'service="booking",method="POST",route="/api/v1/bookings/reserve"';
// A sale of 1,000 tickets, 100 of them blocked, seen each 15 s for five minutes.
const input = [
  ...shared('evently_booking_sale_info', `${event},name="Night of the Proms"`, '1x40'),
  ...shared('evently_booking_sale_phase_info', `${event},phase="open"`, '1x40'),
  ...shared('evently_booking_sale_phase_info', `${event},phase="scheduled"`, '0x40'),
  ...shared('evently_booking_sale_phase_info', `${event},phase="closed"`, '0x40'),
  ...shared('evently_booking_sale_opens_in_seconds', event, '-60x40'),
  ...shared('evently_booking_inventory_tickets', `${event},state="capacity"`, '1000x40'),
  ...shared('evently_booking_inventory_tickets', `${event},state="blocked"`, '100x40'),
  ...shared('evently_booking_inventory_tickets', `${event},state="sold"`, '450x40'),
  ...shared('evently_booking_inventory_tickets', `${event},state="held"`, '50x40'),
  ...shared('evently_booking_inventory_tickets', `${event},state="available"`, '400x40'),
  ...shared('evently_booking_oversold_tickets', event, '3x40'),
  // Two a second and one a second: three together, so that 450 that are left or held last 150 s.
  counted('evently_booking_tickets_sold_total', event, 'booking-0', '0+30x40'),
  counted('evently_booking_tickets_sold_total', event, 'booking-1', '0+15x40'),
  // Of 40 changes in 15 s, ten were conflicts; of "other", which has no name, none was ever one.
  counted('evently_booking_stock_changes_total', `${event},cause="reserve"`, 'booking-0', '0+25x40'),
  counted('evently_booking_stock_changes_total', `${event},cause="reserve"`, 'booking-1', '0+15x40'),
  counted('evently_booking_version_conflicts_total', event, 'booking-0', '0+10x40'),
  counted('evently_booking_stock_changes_total', 'event="other",cause="reserve"', 'booking-0', '0+5x40'),
  // A hundredth of the attempts failed.
  counted('evently_http_request_duration_seconds_count', `${requests},status="201"`, 'booking-0', '0+990x40'),
  counted('evently_http_request_duration_seconds_count', `${requests},status="503"`, 'booking-0', '0+10x40'),
  // Nobody's time was observed: a quantile of nothing is nothing, and not NaN.
  ...shared('evently_http_request_duration_seconds_bucket', `${requests},status="201",le="+Inf"`, '0x40'),
];

const promises: readonly Promised[] = [
  { dashboard: 'sale', panel: 'Left', samples: [{ labels: '{}', value: 400 }] },
  { dashboard: 'sale', panel: 'Sell-through', samples: [{ labels: '{}', value: 0.5 }] },
  { dashboard: 'sale', panel: 'Sold per second', samples: [{ labels: '{}', value: 3 }] },
  { dashboard: 'sale', panel: 'Sold out in', samples: [{ labels: '{}', value: 150 }] },
  { dashboard: 'sale', panel: 'Oversold', samples: [{ labels: '{}', value: 3 }] },
  { dashboard: 'sale', panel: 'Failed', samples: [{ labels: '{}', value: 0.01 }] },
  { dashboard: 'sale', panel: 'Phase', samples: [{ labels: '{phase="open"}', value: 1 }] },
  { dashboard: 'sale', panel: 'Reserve p99', samples: [] },
  {
    dashboard: 'sale',
    panel: 'Tickets by state',
    samples: [
      { labels: '{state="available"}', value: 400 },
      { labels: '{state="blocked"}', value: 100 },
      { labels: '{state="held"}', value: 50 },
      { labels: '{state="sold"}', value: 450 },
    ],
  },
  { dashboard: 'sale', panel: 'All sales now', query: 1, samples: [{ labels: '{event="e1"}', value: 2 }] },
  {
    dashboard: 'contention',
    panel: 'Version conflicts by event',
    samples: [
      { labels: '{event="e1",name="Night of the Proms"}', value: 0.25 },
      { labels: '{event="other",name="other"}', value: 0 },
    ],
  },
  {
    dashboard: 'contention',
    panel: 'Version conflicts by pod',
    samples: [
      { labels: '{instance="booking-0"}', value: 0.3333 },
      { labels: '{instance="booking-1"}', value: 0 },
    ],
  },
  { dashboard: 'checkout', panel: 'Paid of asked', samples: [] },
];

function expressionOf({ dashboard, panel, query = 0 }: Promised): string {
  const queries = dashboards
    .filter(({ uid }) => uid === `evently-${dashboard}`)
    .flatMap(({ rows }) => rows.flatMap(({ panels }) => panels))
    .find(({ title }) => title === panel)?.queries;
  const expr = queries?.[query]?.expr;
  if (expr === undefined) throw new Error(`${dashboard} has no query ${query} of "${panel}"`);
  // To four places: promtool compares exactly, and a rate is a division.
  return `round(${replaceVariables(expr, { ...everything, __rate_interval: '1m' })}, 0.0001)`;
}

async function calculate(promise: Promised, context: TestContext): Promise<Verdict> {
  const program = await requirePromtool((note) => context.skip(note));
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-arithmetic-'));
  try {
    const cases = {
      evaluation_interval: '15s',
      tests: [
        {
          interval: '15s',
          input_series: input,
          promql_expr_test: [{ expr: expressionOf(promise), eval_time: '5m', exp_samples: promise.samples }],
        },
      ],
    };
    await writeFile(path.join(folder, 'cases.yaml'), stringify(cases));
    return await judge(program, ['test', 'rules', 'cases.yaml'], folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test.for(promises)('$dashboard, "$panel" is calculated as it says', async (promise, context) => {
  expect(await calculate(promise, context)).toMatchObject({ passes: true });
});

test('control: what every process reports is not added up, and the check would say so', async (context) => {
  const [left] = promises;
  if (left === undefined) throw new Error('nothing is promised');
  const verdict = await calculate({ ...left, samples: [{ labels: '{}', value: 800 }] }, context);
  expect(verdict).toMatchObject({ passes: false, says: expect.stringContaining('got: {} 4E+02') });
});
