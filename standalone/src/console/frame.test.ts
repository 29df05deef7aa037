import { expect, test } from 'vitest';
import { encodeFrame, frameOf, type Frame, type Reading } from './frame.ts';
import { createHistory, longestStepMs } from './history.ts';
import type { Sample } from './samples.ts';

type Counts = { reserved?: number; soldOut?: number; held?: number; opensIn?: number; oversold?: number };

/** A platform with one event, `e`, of 100 seats. */
function readingOf(atMs: number, counts: Counts = {}): Reading {
  const event = 'e';
  const held = counts.held ?? 0;
  const one = (name: string, value: number, labels = {}): [string, Sample[]] => [
    name,
    [{ labels: { event, ...labels }, value }],
  ];
  return {
    atMs,
    samples: new Map<string, readonly Sample[]>([
      one('evently_booking_sale_info', 1, { name: 'An evening' }),
      one('evently_booking_sale_phase_info', 1, {
        phase: counts.opensIn === undefined ? 'open' : 'scheduled',
      }),
      ...(counts.opensIn === undefined ? [] : [one('evently_booking_sale_opens_in_seconds', counts.opensIn)]),
      ...(counts.oversold === undefined ? [] : [one('evently_booking_oversold_tickets', counts.oversold)]),
      [
        'evently_booking_inventory_tickets',
        Object.entries({ capacity: 100, available: 100 - held, held, sold: 0, blocked: 0 }).map(
          ([state, value]) => ({ labels: { event, state }, value }),
        ),
      ],
      one('evently_booking_tickets_reserved_total', counts.reserved ?? 0),
      one('evently_booking_refusals_total', counts.soldOut ?? 0, { reason: 'sold-out' }),
    ]),
  };
}
const eventIn = (frame: Frame) => frame.events['e'];

test('stock is what is there; rates are the difference by the time that really passed', () => {
  const first = frameOf(null, readingOf(1_000), null);
  expect(eventIn(first)).toMatchObject({
    name: 'An evening',
    phase: 'open',
    capacity: 100,
    available: 100,
    reserved_per_second: null,
    oversold: null,
  });
  const second = frameOf(
    readingOf(1_000),
    readingOf(3_000, { reserved: 30, held: 30, soldOut: 7, oversold: 0 }),
    first,
  );
  expect(second.seconds).toBe(2);
  expect(eventIn(second)).toMatchObject({
    available: 70,
    held: 30,
    oversold: 0,
    reserved_per_second: 15,
    sold_per_second: 0,
    refused_per_second: { 'sold-out': 3.5 },
  });
});

test('an event that sells before its stock was read has none that is known, and is not sold out', () => {
  const before = readingOf(0);
  const now = readingOf(1_000, { reserved: 12 });
  const samples = new Map(now.samples);
  samples.delete('evently_booking_inventory_tickets');
  samples.delete('evently_booking_sale_info');
  samples.delete('evently_booking_sale_phase_info');
  const unread = { capacity: null, available: null, held: null, sold: null, blocked: null, oversold: null };
  const first = frameOf(before, { ...now, samples }, null);
  expect(eventIn(first)).toMatchObject({ ...unread, reserved_per_second: 12 });
});

test('what happened to events without a label of their own is theirs together', () => {
  const before = readingOf(0);
  const now = readingOf(1_000);
  const other = { labels: { event: 'other' }, value: 4 };
  const samples = new Map(now.samples);
  samples.set('evently_booking_tickets_sold_total', [other]);
  const frame = frameOf(before, { ...now, samples }, null);
  expect(frame.events['other']).toMatchObject({ sold_per_second: 4, capacity: null, name: '' });
});

test('the time to an opening counts down, and the opening stands still', () => {
  const first = frameOf(null, readingOf(1_000_000, { opensIn: 60 }), null);
  expect(eventIn(first)?.opens_at_ms).toBe(1_060_000);
  const next = frameOf(null, readingOf(1_001_000, { opensIn: 59.6 }), first);
  expect(eventIn(next)?.opens_at_ms).toBe(1_060_000);
  const moved = frameOf(null, readingOf(1_002_000, { opensIn: 90 }), next);
  expect(eventIn(moved)?.opens_at_ms).toBe(1_092_000);
});

test('latency of one second is told by the histograms of that second alone', () => {
  const buckets = (fast: number, slow: number): Sample[] =>
    Object.entries({ '0.01': fast, '0.1': fast + slow, '+Inf': fast + slow }).map(([le, value]) => ({
      labels: { service: 'booking', method: 'POST', route: '/api/v1/bookings/reserve', status: '200', le },
      value,
    }));
  const withTimes = (reading: Reading, fast: number, slow: number): Reading => {
    const name = 'evently_http_request_duration_seconds';
    const labels = { service: 'booking', method: 'POST', route: '/api/v1/bookings/reserve', status: '200' };
    const samples = new Map(reading.samples);
    samples.set(`${name}_bucket`, buckets(fast, slow));
    samples.set(`${name}_sum`, [{ labels, value: fast * 0.005 + slow * 0.05 }]);
    samples.set(`${name}_count`, [{ labels, value: fast + slow }]);
    return { ...reading, samples };
  };
  const frame = frameOf(withTimes(readingOf(0), 1_000, 0), withTimes(readingOf(1_000), 1_000, 100), null);
  expect(frame.all.reserve_ms).toMatchObject({ count: 100, mean: 50 });
  expect(frame.all.reserve_ms?.p50).toBeCloseTo(55);
});

test('an event that stands still is not sent again, and one that is gone is named', () => {
  const before = frameOf(readingOf(0), readingOf(1_000), null);
  const still = frameOf(readingOf(1_000), readingOf(2_000), before);
  expect(encodeFrame(still, before)).toMatchObject({ events: {} });
  expect(encodeFrame(still, null)).toMatchObject({ events: { e: { name: 'An evening' } } });
  const moved = frameOf(readingOf(2_000), readingOf(3_000, { held: 1 }), still);
  const sent = encodeFrame(moved, still);
  expect(sent).toMatchObject({ events: { e: { held: 1 } } });
  expect(sent).not.toHaveProperty(['events', 'e', 'name']);
  expect(encodeFrame({ ...moved, events: {} }, moved)).toMatchObject({ gone: ['e'] });
});

test('history is bounded, goes on after a known frame, and begins anew after an unknown one', () => {
  const history = createHistory(3);
  for (const second of [1, 2, 3, 4, 5]) history.add(readingOf(second * 1_000));
  const numbers = (after: number | null): number[] => history.after(after).map(({ number }) => number);
  expect(numbers(null)).toEqual([3, 4, 5]);
  expect([numbers(4), numbers(5), numbers(1), numbers(99)]).toEqual([[5], [], [3, 4, 5], [3, 4, 5]]);
});

test('after a gap in which nobody looked there is stock and no rate', () => {
  const history = createHistory(10);
  history.add(readingOf(0));
  expect(history.add(readingOf(1_000, { reserved: 5 })).frame.events['e']?.reserved_per_second).toBe(5);
  const late = history.add(readingOf(1_001 + longestStepMs, { reserved: 900 })).frame;
  expect(late).toMatchObject({ seconds: null, events: { e: { reserved_per_second: null } } });
});
