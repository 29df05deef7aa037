/** The dashboard of contention: who writes the same event, what it costs, and where requests wait for it. */
import { batches, lineAndLocks } from './contention-batches.ts';
import { batchSteps, conflictSteps } from './limits.ts';
import { rising, type Dashboard, type Row } from './panel.ts';
import {
  conflictRatio,
  conflictRatioShown,
  maxBy,
  mean,
  named,
  ofEvent,
  quantile,
  rateBy,
  series,
} from './queries.ts';

const reserve = 'kind="reserve"';

const cost: Row = {
  title: 'Does contention cost us anything?',
  panels: [
    {
      kind: 'figure',
      title: 'Version conflicts',
      means:
        'Over the time that is shown: changes of stock before which another process had changed the event, as a share of all. Each change is one version in the database.',
      act: 'High alone is harmless. High with slow batches: let fewer processes sell this event.',
      unit: 'percentunit',
      noData: 'Nothing changes the stock',
      width: 3,
      height: 4,
      decimals: 1,
      min: 0,
      max: 1,
      queries: [{ expr: conflictRatioShown('', ofEvent), legend: 'conflicts', instant: true }],
      steps: conflictSteps,
    },
    {
      kind: 'figure',
      title: 'Changes per second',
      means: 'Committed changes of stock, each one version of its event.',
      act: 'One event can take as many as one row of its database can: when this stands still while the line grows, that is the limit.',
      unit: 'short',
      noData: 'Nothing changes the stock',
      width: 3,
      height: 4,
      decimals: 1,
      curve: true,
      queries: [{ expr: rateBy('', 'evently_booking_stock_changes_total', ofEvent), legend: 'changes' }],
    },
    {
      kind: 'figure',
      title: 'Requests in a batch',
      means: 'Mean number of reservations that are decided in one transaction; all sales together.',
      act: 'Nothing: it grows with the crowd, and is what keeps the database calm.',
      unit: 'short',
      noData: 'Nobody reserves',
      width: 3,
      height: 4,
      decimals: 1,
      queries: [{ expr: mean('', 'evently_booking_batch_size_items', reserve), legend: 'requests' }],
    },
    {
      kind: 'figure',
      title: 'Batch p99',
      means: 'Of a hundred batches of reservations, ninety-nine are committed faster; all sales together.',
      act: 'Red: see the waits for locks below, then the disk and the replicas of the database.',
      unit: 's',
      noData: 'Nobody reserves',
      width: 3,
      height: 4,
      queries: [
        { expr: quantile(0.99, '', 'evently_booking_batch_duration_seconds', reserve), legend: 'p99' },
      ],
      steps: batchSteps,
    },
    {
      kind: 'figure',
      title: 'Waiting in line',
      means: 'Reservations that wait for their batch now, summed over all processes of booking.',
      act: 'It may be long for moments. Growing all the time: buyers come faster than batches are committed; queue-full refuses the rest.',
      unit: 'locale',
      noData: 'Booking is not heard',
      width: 3,
      height: 4,
      curve: true,
      queries: [{ expr: `sum(${series('evently_booking_queue_length_items')})`, legend: 'waiting' }],
      steps: rising(500, 2_000),
    },
    {
      kind: 'figure',
      title: 'Wait in line, p99',
      means:
        'How long the first request of a batch waited for it; of a hundred batches, ninety-nine waited less.',
      act: 'Near the time of a batch is right. Far above: see the event loop on Runtime.',
      leadsTo: 'runtime',
      unit: 's',
      noData: 'Nobody reserves',
      width: 3,
      height: 4,
      queries: [
        { expr: quantile(0.99, '', 'evently_booking_queue_wait_duration_seconds', reserve), legend: 'p99' },
      ],
      steps: batchSteps,
    },
    {
      kind: 'figure',
      title: 'Longest lock wait',
      means: 'The session of a database that waits longest for a lock right now, of all services.',
      act: 'Above a second: somebody holds a row. Ask pg_stat_activity who, and end that session if nobody needs it.',
      unit: 's',
      noData: 'No database was asked',
      width: 3,
      height: 4,
      queries: [{ expr: maxBy('', series('evently_db_longest_lock_wait_seconds')), legend: 'longest' }],
      steps: rising(0.2, 1),
    },
    {
      kind: 'figure',
      title: 'Batches run again',
      means:
        'Batches a second that were run again, item by item or in order, because the one statement left or failed them.',
      act: 'A few are right near the end of a sale, when seats are short. Many with failed batches below: look at the log.',
      unit: 'short',
      noData: 'None was run again',
      width: 3,
      height: 4,
      decimals: 2,
      queries: [{ expr: rateBy('', 'evently_booking_retries_total'), legend: 'again' }],
    },
  ],
};

const writers: Row = {
  title: 'Who writes',
  panels: [
    {
      kind: 'curves',
      title: 'Version conflicts by event',
      means:
        'The share of conflicts of each event on sale; "other" is all events without a name of their own here.',
      act: 'The event at the top is the contended one: choose it above, and see whether its batches are slow.',
      unit: 'percentunit',
      noData: 'Nothing changes the stock',
      width: 12,
      height: 8,
      min: 0,
      max: 1,
      queries: [{ expr: named(conflictRatio('event', ofEvent)), legend: '{{name}}' }],
      steps: conflictSteps,
    },
    {
      kind: 'curves',
      title: 'Version conflicts by pod',
      means:
        'The share of each process: how often it found that another had changed the event since its own last change.',
      act: 'One pod far from the others gets another part of the traffic: look at how requests are spread.',
      unit: 'percentunit',
      noData: 'Nothing changes the stock',
      width: 12,
      height: 8,
      min: 0,
      max: 1,
      queries: [{ expr: conflictRatio('instance', ofEvent), legend: '{{instance}}' }],
    },
    {
      kind: 'curves',
      title: 'Changes per second, by pod',
      means: 'Committed changes of stock of each process of booking.',
      act: 'A pod at zero while others work is not asked: see its readiness.',
      unit: 'short',
      noData: 'Nothing changes the stock',
      width: 8,
      height: 8,
      stacked: true,
      min: 0,
      queries: [
        {
          expr: rateBy('instance', 'evently_booking_stock_changes_total', ofEvent),
          legend: '{{instance}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Changes per second, by cause',
      means:
        'Why the stock was changed: reserving, paying, cancelling, holds that end, the organizer, the waitlist.',
      act: 'Many of expire or cancel take their turns from those who want to reserve: see Checkout.',
      unit: 'short',
      noData: 'Nothing changes the stock',
      width: 8,
      height: 8,
      stacked: true,
      min: 0,
      queries: [
        { expr: rateBy('cause', 'evently_booking_stock_changes_total', ofEvent), legend: '{{cause}}' },
      ],
    },
    {
      kind: 'curves',
      title: 'Version conflicts per second, by event',
      means: 'Conflicts counted, not as a share.',
      act: 'Compare it with the changes beside it.',
      unit: 'short',
      noData: 'No conflict was seen',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: named(rateBy('event', 'evently_booking_version_conflicts_total', ofEvent)),
          legend: '{{name}}',
        },
      ],
    },
  ],
};

export const contention: Dashboard = {
  uid: 'evently-contention',
  title: 'Evently / Contention',
  answers:
    'How much do processes contend for the same event, what does it cost, and where do requests wait: in line, for the batch, for a lock?',
  tags: ['booking', 'database'],
  refresh: '10s',
  from: 'now-30m',
  choices: ['events'],
  offeredBy: 'evently_build_info',
  marksSales: true,
  rows: [cost, writers, batches, lineAndLocks],
};
