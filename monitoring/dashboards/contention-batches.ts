/** Rows of the dashboard Contention: the batches themselves, and the waits before and inside them. */
import { batchSteps } from './limits.ts';
import { rising, type Row } from './panel.ts';
import { maxBy, mean, ofEvent, quantile, rateBy, series, sumBy } from './queries.ts';

const seconds = 'evently_booking_batch_duration_seconds';
const sizes = 'evently_booking_batch_size_items';

export const batches: Row = {
  title: 'Batches',
  panels: [
    {
      kind: 'heat',
      title: 'Batches of reservations, by size',
      means: 'How many batches had how many requests; all sales together.',
      act: 'Nothing: larger batches under load are the design at work.',
      unit: 'none',
      noData: 'Nobody reserves',
      width: 8,
      height: 8,
      queries: [{ expr: rateBy('le', `${sizes}_bucket`, 'kind="reserve"'), legend: '{{le}}' }],
    },
    {
      kind: 'curves',
      title: 'Mean size of a batch, by kind',
      means:
        'Requests that are decided in one transaction: reserving, beginning to pay, settling payments, ending bookings.',
      act: 'At 1 all the time under load, batching does not work: look at the setting of its size.',
      unit: 'short',
      noData: 'No batches',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: mean('kind', sizes), legend: '{{kind}}' }],
    },
    {
      kind: 'curves',
      title: 'Batches per second, by kind and outcome',
      means:
        'Batches of the chosen events. A failed one is run again item by item, so no buyer sees it as such.',
      act: 'Failed ones that do not stop: the database refuses something; its words are in the log of booking.',
      unit: 'short',
      noData: 'No batches',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('kind, outcome', 'evently_booking_batches_total', ofEvent),
          legend: '{{kind}} {{outcome}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Time of a batch of reservations',
      means: 'From the first statement to the commit; all sales together.',
      act: 'p50 rises with p99: the database is slow. p99 alone: locks, or a pause of one process.',
      unit: 's',
      noData: 'Nobody reserves',
      width: 12,
      height: 8,
      min: 0,
      queries: [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, '', seconds, 'kind="reserve"'),
        legend: `p${q * 100}`,
      })),
      steps: batchSteps,
    },
    {
      kind: 'curves',
      title: 'Time of a batch, p99 by kind',
      means: 'The slow end of each kind of batch.',
      act: 'One kind alone is slow: its statement is. All of them: the database is.',
      unit: 's',
      noData: 'No batches',
      width: 12,
      height: 8,
      min: 0,
      queries: [{ expr: quantile(0.99, 'kind', seconds), legend: '{{kind}}' }],
    },
  ],
};

export const lineAndLocks: Row = {
  title: 'Line and locks',
  panels: [
    {
      kind: 'curves',
      title: 'Line before the batches, by pod',
      means: 'Reservations that wait in each process of booking.',
      act: 'Long in one pod only: it is slower than the others, see Runtime. Long in all: one event is at its limit.',
      unit: 'short',
      noData: 'Booking is not heard',
      width: 8,
      height: 8,
      stacked: true,
      min: 0,
      queries: [
        { expr: sumBy('instance', series('evently_booking_queue_length_items')), legend: '{{instance}}' },
      ],
    },
    {
      kind: 'curves',
      title: 'Wait in line, p99 by kind',
      means: 'How long the first request of a batch waited; of a hundred batches, ninety-nine waited less.',
      act: 'Compare it with the time of a batch: one waits for the batch before.',
      unit: 's',
      noData: 'No batches',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: quantile(0.99, 'kind', 'evently_booking_queue_wait_duration_seconds'),
          legend: '{{kind}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Batches run again, by kind and reason',
      means:
        'split: a batch failed and was run item by item. careful: the one statement left it, and it was decided in order.',
      act: 'careful belongs to scarce seats. split does not: look at the log of booking.',
      unit: 'short',
      noData: 'None was run again',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        { expr: rateBy('kind, reason', 'evently_booking_retries_total'), legend: '{{kind}} {{reason}}' },
      ],
    },
    {
      kind: 'curves',
      title: 'Sessions that wait for a lock',
      means: 'Sessions of each database that wait for a lock at the moment of the scrape.',
      act: 'As many as processes sell one event is right. More: other statements wait for the same rows.',
      unit: 'short',
      noData: 'No database was asked',
      width: 12,
      height: 8,
      min: 0,
      decimals: 0,
      queries: [{ expr: maxBy('service', series('evently_db_lock_waiting_items')), legend: '{{service}}' }],
    },
    {
      kind: 'curves',
      title: 'Longest wait for a lock, by service',
      means: 'How long the session that waits longest has waited, of each database.',
      act: 'A line that climbs steadily is one session that is stuck behind another: end the other.',
      unit: 's',
      noData: 'No database was asked',
      width: 12,
      height: 8,
      min: 0,
      queries: [
        { expr: maxBy('service', series('evently_db_longest_lock_wait_seconds')), legend: '{{service}}' },
      ],
      steps: rising(0.2, 1),
    },
  ],
};
