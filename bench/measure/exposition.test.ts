import { expect, test } from 'vitest';
import { countBatches, parseExposition, slowestBatchMs, subtractBatches } from './exposition.ts';

const page = `# HELP evently_booking_batch_size_items Requests in one batch
# TYPE evently_booking_batch_size_items histogram
evently_booking_batch_size_items_bucket{le="1",kind="reserve"} 3
evently_booking_batch_size_items_bucket{le="2",kind="reserve"} 4
evently_booking_batch_size_items_bucket{le="+Inf",kind="reserve"} 4
evently_booking_batch_size_items_sum{kind="reserve"} 5
evently_booking_batch_size_items_count{kind="reserve"} 4
evently_booking_batch_size_items_sum{kind="settle"} 90
evently_booking_batch_duration_seconds_bucket{le="0.004",kind="reserve"} 3
evently_booking_batch_duration_seconds_bucket{le="0.128",kind="reserve"} 4
evently_booking_batch_duration_seconds_bucket{le="0.256",kind="reserve"} 4
evently_booking_batch_duration_seconds_bucket{le="+Inf",kind="reserve"} 4
evently_booking_version_conflicts_total 2
`;

test('names, labels and values are read, comments passed over', () => {
  expect(parseExposition(page)[0]).toEqual({
    name: 'evently_booking_batch_size_items_bucket',
    labels: { le: '1', kind: 'reserve' },
    value: 3,
  });
  expect(parseExposition(page)).toHaveLength(11);
});

test('batches of reserving are counted over all processes, each size once', () => {
  expect(countBatches([page, page])).toEqual({
    conflicts: 4,
    batches: 8,
    requests: 10,
    sizes: { 1: 6, 2: 2, Infinity: 0 },
    durationsMs: { 4: 6, 128: 2, 256: 0, Infinity: 0 },
  });
});

test('a run is what was added between two readings', () => {
  expect(subtractBatches(countBatches([page, page]), countBatches([page]))).toEqual({
    conflicts: 2,
    batches: 4,
    requests: 5,
    sizes: { 1: 3, 2: 1, Infinity: 0 },
    durationsMs: { 4: 3, 128: 1, 256: 0, Infinity: 0 },
  });
});

test('a process that booked nothing yet counts as nothing', () => {
  expect(countBatches([''])).toEqual({ conflicts: 0, batches: 0, requests: 0, sizes: {}, durationsMs: {} });
});

test('the slowest batch is known by the upper bound of its time', () => {
  expect(slowestBatchMs(countBatches([page]))).toBe(128);
  expect(slowestBatchMs({ durationsMs: { 4: 1, Infinity: 1 } })).toBe(Number.POSITIVE_INFINITY);
  expect(slowestBatchMs(countBatches(['']))).toBeNull();
});
