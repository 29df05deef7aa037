import { expect, test } from 'vitest';
import type { Answer } from '../generator/open-loop.ts';
import { findDrill, standardDrills } from './herds.ts';
import { pickEvenly } from './read-back.ts';
import { concludeDrills, drillsAsJson, renderDrills, type ReportedDrill } from './report.ts';
import { judgeDrill, tallyAnswers, type ReadBack } from './tally.ts';

function answer(index: number, status: number, body: object, head = ''): Answer {
  const response = {
    status,
    head: `HTTP/1.1 ${status} X${head}`,
    body: Buffer.from(JSON.stringify(body)),
    keepsOpen: true,
  };
  return {
    index,
    intendedMs: index,
    endedMs: index + 5,
    latencyMs: 5,
    outcome: { kind: 'answered', response },
  };
}
const won = (index: number): Answer => answer(index, 200, { reservation_id: `r${index}` });
const refused = (index: number, body: object = {}): Answer =>
  answer(index, 409, { code: 'sold_out', error: 'All seats are taken.', ...body });
const readBack = (fields: Partial<ReadBack> = {}): ReadBack => ({
  available: 0,
  reportedTaken: 2,
  checked: 0,
  missing: 0,
  ...fields,
});
const fullHouse = tallyAnswers([won(0), won(1), refused(2)]);

test('a full house with honest refusals passes', () => {
  expect(fullHouse).toMatchObject({
    sold: 2,
    refused: { sold_out: 1 },
    statuses: { 200: 2, 409: 1 },
    lastSaleMs: 6,
  });
  expect(judgeDrill(fullHouse, 2, readBack())).toMatchObject({ fill: 1, oversold: 0, lost: 0, faults: [] });
});

test.each([
  [
    'an empty seat',
    [won(0), refused(1), refused(2)],
    readBack({ available: 1, reportedTaken: 1 }),
    'were not sold',
  ],
  [
    'a seat sold twice',
    [won(0), won(1), won(2)],
    readBack({ available: -1, reportedTaken: 3 }),
    'sold twice',
  ],
  [
    'one reservation for two buyers',
    [won(0), won(0), refused(2)],
    readBack({ available: 1, reportedTaken: 1 }),
    'given to two buyers',
  ],
  [
    'an acknowledged reservation that is gone',
    [won(0), won(1), refused(2)],
    readBack({ missing: 1 }),
    'are gone',
  ],
  [
    'fewer taken seats than acknowledged',
    [won(0), won(1), refused(2)],
    readBack({ available: 1, reportedTaken: 1 }),
    'are gone',
  ],
  [
    'a taken seat that nobody was told about',
    [won(0), refused(1), refused(2)],
    readBack(),
    'no buyer was told about',
  ],
  [
    'a report that differs from the stock',
    [won(0), won(1), refused(2)],
    readBack({ reportedTaken: 1 }),
    'the report counts',
  ],
  ['a 5xx', [won(0), won(1), answer(2, 500, {})], readBack(), 'were 5xx'],
  [
    'an answer that says retry',
    [won(0), won(1), refused(2, { error: 'Please retry.' })],
    readBack(),
    'told to try again',
  ],
  [
    'a Retry-After',
    [won(0), won(1), answer(2, 429, { code: 'rate_limited' }, '\r\nRetry-After: 3')],
    readBack(),
    'told to try again',
  ],
  [
    'a buyer without an answer',
    [won(0), won(1), { ...won(2), outcome: { kind: 'timed-out' } as const }],
    readBack(),
    'got no answer',
  ],
])('%s is a fault', (_name, answers, back, sentence) => {
  expect(judgeDrill(tallyAnswers(answers), 2, back).faults.join()).toContain(sentence);
});

test('with fewer buyers than seats the house is full when everyone has one', () => {
  const verdict = judgeDrill(tallyAnswers([won(0)]), 5, readBack({ available: 4, reportedTaken: 1 }));
  expect(verdict).toMatchObject({ fill: 1, faults: [] });
});

test('the seat of a buyer without an answer is not unexplained', () => {
  const silent: Answer = { ...won(1), outcome: { kind: 'disconnected', reason: 'cut' } };
  const { faults } = judgeDrill(tallyAnswers([won(0), silent, refused(2)]), 2, readBack());
  expect(faults.join()).not.toContain('no buyer was told about');
});

test('drills are named by buyers and seats, within bounds', () => {
  expect(standardDrills.map(({ name }) => name)).toEqual(['10x1', '300x10', '300x299', '10000x1000']);
  expect(findDrill('300x299')).toBe(standardDrills[2]);
  expect(findDrill('20x5')).toMatchObject({ buyers: 20, seats: 5, herd: 'registered' });
  expect(findDrill('2000x500')?.herd).toBe('issued');
  expect(['0x1', '1x0', '99999x1', '3-2', 'all'].map(findDrill)).toEqual([null, null, null, null, null]);
});

test('a sample of winners is spread over all of them', () => {
  const items = Array.from({ length: 2_500 }, (_, index) => index);
  const picked = pickEvenly(items, 1_000);
  expect(picked.length).toBe(1_000);
  expect((picked.at(-1) ?? 0) > 2_490).toBe(true);
  expect(pickEvenly([1, 2], 5)).toEqual([1, 2]);
});

test('the table shows each drill in a column, and the JSON says whether all passed', () => {
  const result: ReportedDrill = {
    spec: { name: '3x2', buyers: 3, seats: 2, ratePerSecond: 1, herd: 'registered' },
    eventId: 'e',
    tally: fullHouse,
    readBack: readBack(),
    verdict: judgeDrill(fullHouse, 2, readBack()),
    soldPerSecond: 333,
    arrivals: [],
    startedAt: new Date('2026-11-20T19:00:00Z'),
    arrivalsPerSecond: 1,
    report: { html: '/reports/one.html', json: '/reports/one.json', address: 'http://here/one.html' },
    load: {
      offered: 3,
      started: 3,
      repeated: 0,
      answered: 3,
      timedOut: 0,
      disconnected: 0,
      lateStarts: 0,
      worstStartMs: 1,
      durationMs: 9,
    },
  };
  const text = renderDrills([result]);
  for (const part of ['3 for 2', '2 of 2', '100 %', 'Refused: sold out', 'passed'])
    expect(text).toContain(part);
  expect(concludeDrills([result], [{ name: '9x9', reason: 'no tokens' }]).at(-1)).toBe(
    '1 passed, 0 failed, 1 skipped.',
  );
  expect(concludeDrills([result], []).join()).toContain('http://here/one.html');
  expect(concludeDrills([{ ...result, report: null }], []).join()).not.toContain('report');
  expect(drillsAsJson([result], [])).toMatchObject({
    ok: true,
    drills: [{ sold: 2, fill: 1, refused: { sold_out: 1 } }],
  });
  expect(drillsAsJson([], [])).toMatchObject({ ok: false });
});
