/** A drill with two booking processes, watched by a real Prometheus: every expression has data, and the numbers are the database's. */
import { afterAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '@evently/kit/clock';
import { requireEngine } from '@evently/testkit/engines/engine';
import { requireKubeTools } from '@evently/testkit/engines/kube-tools';
import { prometheus, promtool } from '@evently/testkit/engines/prometheus';
import { redisServer } from '@evently/testkit/engines/redis';
import { z } from 'zod';
import { alertsByFile, allAlerts } from '../../monitoring/alerts/all-alerts.ts';
import { dashboardExpressions, everything, listExpressions } from '../../monitoring/expressions.ts';
import { emptinessOf } from '../../monitoring/may-be-empty.ts';
import { serviceNames } from '../pods/pod-platform.ts';
import { until } from '../pods/pod-process.ts';
import { askAll, type Question } from './ask-all.ts';
import { checkMetrics, checkText } from './check-metrics.ts';
import { browse, liveThrough, sellTogether, stage, type Drilled } from './drill.ts';
import { countConflicts, readInventory, readVersions, type Counted } from './stock-versions.ts';
import { startWatchedPlatform, type WatchedPlatform } from './watched-platform.ts';

type Sold = {
  drilled: Drilled;
  /** Between these instants, in seconds since 1970, both events were sold; before and after nothing changed them. */
  fromSeconds: number;
  untilSeconds: number;
  /** Everything has happened. */
  overSeconds: number;
  shared: Counted;
  alone: Counted;
};

const rulesAnswer = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ name: z.string(), health: z.string() })) })),
});

let opened = false;
let watched: WatchedPlatform;
let sold: Sold;
let checker = '';
let opening: Promise<void> | null = null;

async function open(programs: { redis: string; prometheus: string }): Promise<void> {
  watched = await startWatchedPlatform(programs);
  opened = true;
  const drilled = await stage(watched);
  await browse(watched, drilled.shared);
  const before = await versionsOf(drilled);
  const fromSeconds = await untilScraped();
  await sellTogether(watched, drilled);
  const untilSeconds = await untilScraped();
  const shared = await countedSince(drilled.shared, before.shared);
  const alone = await countedSince(drilled.alone, before.alone);
  await liveThrough(watched, drilled);
  const overSeconds = await untilScraped();
  sold = { drilled, fromSeconds, untilSeconds, overSeconds, shared, alone };
}

beforeEach(async (context) => {
  const skip = (note: string): never => context.skip(note);
  await requireKubeTools(skip);
  const programs = {
    redis: await requireEngine(redisServer, skip),
    prometheus: await requireEngine(prometheus, skip),
  };
  checker = await requireEngine(promtool, skip);
  // Once for all tests, also when it fails.
  await (opening ??= open(programs));
}, 480_000);
afterAll(async () => {
  if (opened) await watched.close();
}, 60_000);

const nowSeconds = (): number => systemClock.now().getTime() / 1_000;
type VersionsOf = { shared: number; alone: number };

async function versionsOf(drilled: Drilled): Promise<VersionsOf> {
  const last = async (eventId: string): Promise<number> =>
    (await readVersions(bookingDatabase(), eventId)).at(-1)?.version ?? 0;
  return { shared: await last(drilled.shared), alone: await last(drilled.alone) };
}

async function countedSince(eventId: string, since: number): Promise<Counted> {
  return countConflicts(await readVersions(bookingDatabase(), eventId), since);
}

function bookingDatabase(): string {
  return watched.platform.databaseUrl('booking');
}

/** Waits until every process has been scraped once more; answers the instant after that, in seconds since 1970. */
async function untilScraped(): Promise<number> {
  const sinceSeconds = nowSeconds();
  await until('every process is scraped again', 20_000, async () => {
    const scraped = await watched.prometheus.query('timestamp(up)');
    const answering = await watched.prometheus.query('up == 1');
    const fresh = scraped.filter(({ value }) => value > sinceSeconds);
    return [fresh, answering].every(({ length }) => length === watched.watching.length);
  });
  return nowSeconds();
}

/** An alert is empty where nothing is wrong: what it measures must be there instead, without the bounds. */
function questionsOfAlerts(): Question[] {
  return Object.entries(alertsByFile()).flatMap(([source, alerts]) =>
    alerts.flatMap(({ name, conditions }) =>
      conditions.map(({ measure }) => questionOf(source, name, measure, emptinessOf(source, name, measure))),
    ),
  );
}

function questionOf(source: string, panel: string, expr: string, mayBeEmpty: string | null): Question {
  return {
    where: `${source}: ${panel}`,
    expr,
    expects: mayBeEmpty === null ? 'data' : { nothing: mayBeEmpty },
  };
}

test('every expression of every dashboard, alert and recording rule has data, or a reason to have none', async () => {
  const alerts = new Set(allAlerts().map(({ name }) => name));
  const listed = listExpressions().map(({ source, panel, expr, mayBeEmpty }): Question => {
    const question = questionOf(source, panel, expr, mayBeEmpty);
    return alerts.has(panel) ? { ...question, expects: 'anything' } : question;
  });
  expect(listed.filter(({ expects }) => expects === 'anything').length).toBe(allAlerts().length);
  expect(listed.length).toBeGreaterThan(100);
  const questions = [...listed, ...questionsOfAlerts()];
  const asking = { atSeconds: sold.overSeconds, patienceMs: 60_000 };
  expect(await askAll(watched.prometheus, questions, asking)).toEqual([]);
  process.stdout.write(`${questions.length} expressions have what they should\n`);
  // The same question of a metric that nobody has, and a list that claims too much, are faults.
  const wrong: Question[] = [
    { where: 'nobody', expr: 'sum(rate(evently_nobody_total[5m]))', expects: 'data' },
    { where: 'somebody', expr: 'evently_build_info', expects: { nothing: 'nothing runs' } },
  ];
  expect(await askAll(watched.prometheus, wrong, { ...asking, patienceMs: 0 })).toHaveLength(2);
}, 150_000);

test('Prometheus takes every rule without a complaint', async () => {
  const { groups } = rulesAnswer.parse(await watched.prometheus.read('rules'));
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.filter(({ health }) => health === 'err')).toEqual([]);
  expect(rules.map(({ name }) => name)).toEqual(expect.arrayContaining(allAlerts().map(({ name }) => name)));
});

/** The ratio of conflicts by event as the dashboard asks for it, over the time of the sale. */
async function shownRatios(): Promise<ReadonlyMap<string, number>> {
  const { fromSeconds, untilSeconds } = sold;
  const window = `${Math.round((untilSeconds - fromSeconds) * 1_000)}ms`;
  const expressions = dashboardExpressions({
    ...everything,
    __rate_interval: window,
    __range: window,
  }).filter(
    ({ source, expr }) =>
      source.endsWith('evently-contention.json') &&
      expr.includes('evently_booking_version_conflicts_total') &&
      expr.includes('evently_booking_stock_changes_total') &&
      expr.includes('by (event)'),
  );
  const [expression] = expressions;
  if (expression === undefined) throw new Error('no panel shows the ratio of conflicts by event');
  const answer = await watched.prometheus.query(expression.expr, untilSeconds);
  return new Map(answer.map(({ labels, value }) => [labels['event'] ?? '', value]));
}

/** What the processes counted of one event while it was sold. */
async function gained(metric: string, eventId: string): Promise<number> {
  const at = (seconds: number): Promise<number> =>
    watched.prometheus
      .query(`sum(${metric}{event="${eventId}"})`, seconds)
      .then((answer) => answer[0]?.value ?? 0);
  return (await at(sold.untilSeconds)) - (await at(sold.fromSeconds));
}

test('the processes count each change and each conflict that the database has, and no other', async () => {
  const { drilled, shared, alone } = sold;
  for (const [eventId, counted] of [
    [drilled.shared, shared],
    [drilled.alone, alone],
  ] as const) {
    expect(await gained('evently_booking_stock_changes_total', eventId)).toBe(counted.changes);
    expect(await gained('evently_booking_version_conflicts_total', eventId)).toBe(counted.conflicts);
  }
  // Each was sold in many changes, or nothing was shown.
  expect(shared.changes).toBeGreaterThan(10);
  expect(alone.changes).toBeGreaterThan(10);
});

test('the ratio on the dashboard is that of the versions in the database, and 0 where one process sells alone', async () => {
  const { drilled, shared, alone } = sold;
  const shown = await shownRatios();
  const counted = shared.conflicts / shared.changes;
  process.stdout.write(
    `conflicts ${shared.conflicts} of ${shared.changes} changes: ${counted.toFixed(4)}, shown ${shown.get(drilled.shared)?.toFixed(4)}\n`,
  );
  expect(counted).toBeGreaterThan(0.1);
  expect(isAsCounted(shown.get(drilled.shared), counted)).toBe(true);
  // The same processes, the same load: without a second writer nothing is a conflict, and the comparison can fail.
  expect(alone.conflicts).toBe(0);
  expect(shown.get(drilled.alone)).toBe(0);
  expect(isAsCounted(shown.get(drilled.alone), counted)).toBe(false);
});

/** Prometheus extends what it saw to the edges of the window, a scrape at most, for each series by itself. */
const windowError = 0.05;

function isAsCounted(shown: number | undefined, counted: number): boolean {
  return shown !== undefined && Math.abs(shown - counted) <= counted * windowError;
}

test('inventory, open payments and what was put aside are what the databases have', async () => {
  const { drilled } = sold;
  const states = await readInventory(bookingDatabase(), drilled.shared);
  for (const [state, tickets] of Object.entries(states)) {
    const name = 'evently_booking_inventory_tickets';
    const answer = await watched.prometheus.query(`max(${name}{event="${drilled.shared}",state="${state}"})`);
    expect([state, answer[0]?.value]).toEqual([state, tickets]);
  }
  expect(states['sold']).toBeGreaterThan(0);
  await expect
    .poll(
      async () =>
        (await watched.prometheus.query('max(evently_dead_letters_items{service="booking"})'))[0]?.value,
      { timeout: 60_000, interval: 500 },
    )
    .toBe(1);
  expect((await watched.prometheus.query('max(evently_booking_oversold_tickets)'))[0]?.value).toBe(0);
}, 90_000);

test('promtool has nothing to say of the metrics of any process, and something of wrong ones', async () => {
  const parts = watched.watching.map(({ job }) => job);
  expect(new Set(parts)).toEqual(new Set([...serviceNames, 'operator']));
  for (const { instance, metricsUrl } of watched.watching)
    expect([instance, await checkMetrics(checker, metricsUrl)]).toEqual([instance, []]);
  expect(await checkText(checker, 'coats 1\n')).not.toEqual([]);
  expect(
    await checkText(checker, '# HELP coats_items Coats\n# TYPE coats_items counter\ncoats_items 1\n'),
  ).toEqual([expect.stringContaining('_total')]);
});

const exemplarsAnswer = z.array(
  z.object({
    seriesLabels: z.record(z.string(), z.string()),
    exemplars: z.array(z.object({ labels: z.object({ trace_id: z.string() }) })),
  }),
);

test('an exemplar leads from the latency of a reservation to its trace', async () => {
  const bucket =
    'evently_http_request_duration_seconds_bucket{service="booking",route="/api/v1/bookings/reserve"}';
  const { fromSeconds, overSeconds } = sold;
  const found = exemplarsAnswer.parse(
    await watched.prometheus.read(
      `query_exemplars?query=${encodeURIComponent(bucket)}&start=${fromSeconds}&end=${overSeconds}`,
    ),
  );
  const traces = new Set(watched.collector.spans().map(({ traceId }) => traceId));
  const ids = found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
  expect(ids.length).toBeGreaterThan(2);
  expect(ids.filter((id) => !traces.has(id))).toEqual([]);
  expect(new Set(found.map(({ seriesLabels }) => seriesLabels['instance'])).size).toBe(2);
});
