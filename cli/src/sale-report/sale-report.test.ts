import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { listReports } from '@evently/standalone/console/report-folder';
import { total } from '@evently/standalone/console/samples';
import type { Arrival } from '../drill/arrivals.ts';
import { standardDrills } from '../drill/herds.ts';
import { mergeRanges } from './buyer-rows.ts';
import { tellDrill, type DrillFacts } from './drill-story.ts';
import { joinSamples, parseExposition } from './exposition.ts';
import { judgeFairness } from './fairness.ts';
import { formatShare, formatSpan } from './markup.ts';
import { renderReport } from './page.ts';
import { refusalsOf, spreadOfTimes, timeSpent } from './read-metrics.ts';
import type { TimeSpent } from './story.ts';
import { countPerStep, maxSteps, stepFor } from './timeline.ts';
import { writeReport } from './write-report.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const largestReport = 2_000_000;
const spec = standardDrills[3] ?? { name: '', buyers: 0, seats: 0, ratePerSecond: 1, herd: 'issued' };

/** `buyers` come one in each tenth of a millisecond; the first `seats` win, each a little later. */
function factsOf(buyers: number, seats: number): DrillFacts {
  const arrivals = Array.from({ length: buyers }, (_, index): Arrival => {
    const intendedMs = index / 10;
    const outcome: Arrival['outcome'] =
      index < seats ? { kind: 'taken' } : { kind: 'refused', reason: 'sold_out' };
    return { index, intendedMs, endedMs: intendedMs + 20 + (index % 37) / 3, outcome };
  });
  const books = { capacity: seats, available: 0, held: seats, sold: 0, blocked: 0, oversold: 0 };
  return {
    spec: { ...spec, buyers, seats },
    arrivalsPerSecond: 10_000,
    event: { id: '0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10', name: 'Drill </script><b>' },
    // Answers come in another order than arrivals.
    arrivals: arrivals.toReversed(),
    startedAt: new Date('2026-11-20T19:00:00Z'),
    writtenAt: new Date('2026-11-20T19:00:09Z'),
    books: { ...books, held_by_bookings: seats, sold_by_bookings: 0, counted_from: 'database' },
    batches: null,
    metrics: { before: null, after: null },
    refused: { sold_out: buyers - seats },
    faults: [],
  };
}

test('fairness counts each pair in which somebody later won what somebody earlier was refused', () => {
  expect(judgeFairness(['taken', 'taken', 'refused'])).toMatchObject({ pairs: 2, unfair_pairs: 0, share: 0 });
  expect(judgeFairness(['refused', 'undecided', 'taken', 'refused', 'taken'])).toEqual({
    pairs: 4,
    unfair_pairs: 3,
    share: 0.75,
    first_refused: 1,
    last_taken: 5,
  });
  expect(judgeFairness([])).toMatchObject({ pairs: 0, share: 0, first_refused: null, last_taken: null });
});

test('fairness in one pass is that of looking at every pair', () => {
  const outcome = fc.constantFrom('taken', 'refused', 'undecided');
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 60 }), (outcomes) => {
      let unfair = 0;
      for (const [later, one] of outcomes.entries())
        for (const earlier of outcomes.slice(0, later))
          if (one === 'taken' && earlier === 'refused') unfair += 1;
      expect(judgeFairness(outcomes).unfair_pairs).toBe(unfair);
    }),
  );
});

test('a timeline has steps of a tenth of a second, longer ones when there would be too many, and loses nobody', () => {
  expect([stepFor(0), stepFor(2_000), stepFor(119_999), stepFor(120_000)]).toEqual([100, 100, 100, 200]);
  expect(countPerStep([0, 99, 100, 250, 300], 100, 300)).toEqual([2, 1, 1, 1]);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 3_000_000_000 }), { maxLength: 50 }), (moments) => {
      const spanMs = Math.max(0, ...moments);
      const counts = countPerStep(moments, stepFor(spanMs), spanMs);
      expect(counts.length).toBeLessThanOrEqual(maxSteps + 1);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(moments.length);
    }),
  );
});

test('metrics are read with labels and values, exemplars and comments left out', () => {
  const samples = parseExposition(
    [
      '# HELP sold_total Sold',
      '# TYPE sold_total counter',
      'sold_total{event="a",name="say \\"hi\\", 1}"} 3',
      'sold_total 4',
      'time_seconds_bucket{le="+Inf"} 7 # {trace_id="abc"} 0.5 1700000000.0',
      'broken{ 1',
      'level NaN',
      '# EOF',
    ].join('\n'),
  );
  expect(samples.get('sold_total')).toEqual([
    { labels: { event: 'a', name: 'say "hi", 1}' }, value: 3 },
    { labels: {}, value: 4 },
  ]);
  expect(samples.get('time_seconds_bucket')).toEqual([{ labels: { le: '+Inf' }, value: 7 }]);
  expect([...samples.keys()]).toEqual(['sold_total', 'time_seconds_bucket']);
  expect(total(joinSamples([samples, samples]), 'sold_total')).toBe(14);
});

test('where the time went is what was observed between two readings, and its means add up', () => {
  const reading = (count: number, sum: number): ReturnType<typeof parseExposition> => {
    const labels = 'service="booking",method="POST",route="/api/v1/bookings/reserve",status="200"';
    const name = 'evently_http_request_duration_seconds';
    return parseExposition(
      [
        `${name}_bucket{${labels},le="0.1"} ${count}`,
        `${name}_bucket{${labels},le="+Inf"} ${count}`,
        `${name}_sum{${labels}} ${sum}`,
        `${name}_count{${labels}} ${count}`,
      ].join('\n'),
    );
  };
  const client = spreadOfTimes([100, 200, 300]);
  expect(client).toEqual({ count: 3, mean: 200, p50: 200, p99: 300 });
  const spent = timeSpent({ before: reading(10, 5), after: reading(13, 5.24) }, client);
  expect(spent.http_ms).toMatchObject({ count: 3, mean: 80 });
  expect(spent.queue_ms).toBeNull();
  expect(spent.means?.handler_ms).toBeCloseTo(80);
  expect((spent.means?.outside_ms ?? 0) + (spent.means?.handler_ms ?? 0)).toBeCloseTo(200);
  // A fourth gave up: the server has a time of that request, and no buyer has.
  const givenUp = timeSpent({ before: reading(10, 5), after: reading(14, 15.24) }, client);
  expect(givenUp).toMatchObject({ http_ms: { count: 4 }, client_ms: { count: 3 }, means: null });
  const pageOf = (time: TimeSpent): string => renderReport({ ...tellDrill(factsOf(3, 1)), time }, 'r');
  const page = pageOf(givenUp);
  expect(page).toContain('3 answers came to buyers, and the server has timed 4 requests');
  expect(page).not.toContain('outside the handler');
  expect(pageOf(spent)).toContain('outside the handler');
});

test('the story of a drill keeps everybody in order of arrival', () => {
  const story = tellDrill(factsOf(300, 299));
  expect(story.buyers).toMatchObject({ count: 300, outcomes: ['taken', 'sold_out'] });
  expect(story.buyers.rows[0]).toEqual([0, 20, 0, 1]);
  expect(story.buyers.rows.at(-1)?.slice(2)).toEqual([1, 0]);
  expect(story.fairness).toMatchObject({ pairs: 299, share: 0, first_refused: 300, last_taken: 299 });
  const sums = story.timeline.series.map(({ name, counts }) => [name, counts.reduce((a, b) => a + b, 0)]);
  expect(Object.fromEntries(sums)).toEqual({ arrived: 300, taken: 299, refused: 1, unanswered: 0 });
});

test('a report of 10 buyers and of 20,000 is one small file that loads and runs nothing', () => {
  for (const [buyers, seats] of [
    [10, 1],
    [10_000, 1_000],
    [20_000, 10_000],
  ] as const) {
    const page = renderReport(tellDrill(factsOf(buyers, seats)), 'name');
    expect([buyers, Buffer.byteLength(page) < largestReport]).toEqual([buyers, true]);
    expect(page).not.toMatch(/<script|\sstyle=|\ssrc=|url\(|@import|<b>Drill/);
    expect([...page.matchAll(/href="([^"]+)"/g)].map((match) => match[1])).toEqual(['name.json']);
    expect(page).toContain(`data-figure="held">${seats.toLocaleString('en-US')}<`);
    expect(page).toContain('Drill &lt;/script&gt;&lt;b&gt;');
  }
});

test('where nobody was refused, nobody was passed over; where pairs are, their share is told', () => {
  expect(renderReport(tellDrill(factsOf(5, 5)), 'name')).toContain('nobody was passed over');
  expect(renderReport(tellDrill(factsOf(300, 299)), 'name')).toContain(
    'The first who was refused came as number 300, the last who got seats as number 299.',
  );
});

test('refusals of an event are those that were counted', () => {
  const text = (event: string, reason: string, count: number): string =>
    `evently_booking_refusals_total{event="${event}",reason="${reason}"} ${count}`;
  const samples = parseExposition(
    [text('a', 'sold-out', 3), text('a', 'queue-full', 0), text('b', 'sold-out', 9)].join('\n'),
  );
  expect(refusalsOf(samples, 'a')).toEqual({ 'sold-out': 3 });
});

test('a drill in which nobody came is told as well', () => {
  const page = renderReport(tellDrill({ ...factsOf(0, 5), faults: ['5 of 5 seats were not sold'] }), 'name');
  expect(page).toContain('Nobody came.');
  expect(page).toContain('5 of 5 seats were not sold');
  expect(page).not.toContain('NaN');
});

test('a report is written as a page and as JSON whose first line is what the list shows', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-report-'));
  folders.push(folder);
  const story = tellDrill(factsOf(300, 299));
  const place = { folder: path.join(folder, 'new'), address: 'http://127.0.0.1:8080/console/reports/' };
  const written = await writeReport(place, story);
  expect(written.address).toMatch(/\/console\/reports\/20261120t190009-000z-10000x1000-5f1f2a10\.html$/);
  const listed = await listReports(place.folder);
  expect(listed.reports).toMatchObject([{ summary: story.summary }]);
  const read: unknown = JSON.parse(await readFile(written.json, 'utf8'));
  expect(read).toEqual(JSON.parse(JSON.stringify(story)));
  const inFile = { folder: path.join(written.json, 'inside'), address: null };
  await expect(writeReport(inFile, story)).rejects.toThrow('--report');
});

test('rows that overlap are shown once', () => {
  expect(
    mergeRanges(
      [
        [0, 100],
        [50, 150],
        [900, 1_000],
        [-51, 49],
      ],
      950,
    ),
  ).toEqual([
    [0, 150],
    [900, 950],
  ]);
});

test('shares and spans are told with as many digits as matter', () => {
  expect([0, 0.000_123, 0.0423, 0.5, 1].map(formatShare)).toEqual([
    '0 %',
    '0.012 %',
    '4.2 %',
    '50 %',
    '100 %',
  ]);
  expect([0, 300, 999.9, 1_500, 150_000, 200_000_000].map(formatSpan)).toEqual([
    '0',
    '300 ms',
    '1 s',
    '1.5 s',
    '2.5 min',
    '2.3 days',
  ]);
});
