/** Cases of the alerts of processes and of what goes on between them. */
import { growingBuckets, never, type Case } from './case.ts';

const messageCases: readonly Case[] = [
  {
    alert: 'EventlyPaymentsUnknown',
    says: 'a provider has been silent for more than a quarter of an hour',
    series: {
      'evently_payment_oldest_unknown_seconds{instance="a"}': '0+15x120',
      'evently_payment_oldest_unknown_seconds{instance="b"}': '0+15x120',
    },
    at: '17m',
    fires: [{ labels: {}, value: '17m 0s' }],
  },
  {
    alert: 'EventlyPaymentsUnknown',
    says: 'a provider that is slow for ten minutes at a time',
    series: { 'evently_payment_oldest_unknown_seconds{instance="a"}': '600x120' },
    at: '25m',
    fires: never,
  },
  {
    alert: 'EventlyPaymentsUnknown',
    says: 'an outcome may come in the minute after the quarter of an hour',
    series: { 'evently_payment_oldest_unknown_seconds{instance="a"}': '0+15x120' },
    at: '15m30s',
    fires: never,
  },
  {
    alert: 'EventlyOutboxLags',
    says: 'the relay publishes nothing for four minutes',
    series: {
      'evently_outbox_oldest_age_seconds{service="booking",instance="a"}': '0+15x40',
      'evently_outbox_oldest_age_seconds{service="event",instance="a"}': '1x40',
    },
    at: '4m',
    fires: [{ labels: { service: 'booking' }, value: '4m 0s' }],
  },
  {
    alert: 'EventlyOutboxLags',
    says: 'the relay catches up after a storm',
    series: { 'evently_outbox_oldest_age_seconds{service="booking",instance="a"}': '0 30 60 75 90 30 0x20' },
    at: '1m',
    fires: never,
  },
  {
    alert: 'EventlyDeadLetters',
    says: 'two messages were put aside',
    series: {
      'evently_dead_letters_items{service="event",instance="a"}': '0 0 2x20',
      'evently_dead_letters_items{service="booking",instance="a"}': '0x20',
    },
    at: '3m',
    fires: [{ labels: { service: 'event' }, value: '2' }],
  },
  {
    alert: 'EventlyDeadLetters',
    says: 'all have been handled',
    series: { 'evently_dead_letters_items{service="event",instance="a"}': '0x20' },
    at: '4m',
    fires: never,
  },
  {
    alert: 'EventlyDeadLetters',
    says: 'somebody replays them at once',
    series: { 'evently_dead_letters_items{service="event",instance="a"}': '0 0 2 2 2 0x20' },
    at: '1m',
    fires: never,
  },
  {
    alert: 'EventlySearchIndexLags',
    says: 'a change of five minutes ago is not found',
    series: { 'evently_search_index_lag_seconds{instance="a"}': '0+15x40' },
    at: '5m',
    fires: [{ labels: {}, value: '5m 0s' }],
  },
  {
    alert: 'EventlySearchIndexLags',
    says: 'the index is half a minute behind while everybody edits',
    series: { 'evently_search_index_lag_seconds{instance="a"}': '30x40' },
    at: '9m',
    fires: never,
  },
  {
    alert: 'EventlySearchIndexLags',
    says: 'a rebuild takes two minutes',
    series: { 'evently_search_index_lag_seconds{instance="a"}': '0+15x8 0x20' },
    at: '2m',
    fires: never,
  },
];

const processCases: readonly Case[] = [
  {
    alert: 'EventlyProcessDown',
    says: 'one of two has not answered for two minutes',
    series: {
      'up{job="booking",instance="a"}': '1 1 0x20',
      'up{job="booking",instance="b"}': '1x20',
    },
    at: '3m',
    fires: [{ labels: { job: 'booking', instance: 'a' } }],
  },
  {
    alert: 'EventlyProcessDown',
    says: 'a process starts anew, and something of somebody else is down',
    series: {
      'up{job="booking",instance="a"}': '1 1 0 0 0 1x20',
      'up{job="another",instance="x"}': '0x20',
    },
    at: '1m',
    fires: never,
  },
  {
    alert: 'EventlyPartDown',
    says: 'none of two answers',
    series: {
      'up{job="booking",instance="a"}': '1 1 0x20',
      'up{job="booking",instance="b"}': '1 0 0x20',
      'up{job="event",instance="c"}': '1x20',
    },
    at: '2m',
    fires: [{ labels: { job: 'booking' } }],
  },
  {
    alert: 'EventlyPartDown',
    says: 'the last pod is gone, and with it the target',
    series: { 'up{job="booking",instance="a"}': '1 1 stale', 'up{job="event",instance="c"}': '1x20' },
    at: '2m',
    fires: [{ labels: { job: 'booking' } }],
  },
  {
    alert: 'EventlyPartDown',
    says: 'one of two answers',
    series: {
      'up{job="booking",instance="a"}': '1 1 0x20',
      'up{job="booking",instance="b"}': '1x20',
      'up{job="another",instance="x"}': '0x20',
    },
    at: '4m',
    fires: never,
  },
  {
    alert: 'EventlyPartDown',
    says: 'the only process starts anew',
    series: { 'up{job="booking",instance="a"}': '1 1 0 0 1x20' },
    at: '45s',
    fires: never,
  },
  {
    alert: 'EventlyNothingScraped',
    says: 'Prometheus knows only others',
    series: { 'up{job="another",instance="x"}': '1x60' },
    at: '6m',
    fires: [{ labels: {} }],
  },
  {
    alert: 'EventlyNothingScraped',
    says: 'it knows one of ours, although that one is down',
    series: { 'up{job="booking",instance="a"}': '0x60' },
    at: '6m',
    fires: never,
  },
  {
    alert: 'EventlyNothingScraped',
    says: 'Prometheus itself has just begun',
    series: { 'up{job="another",instance="x"}': '1x60' },
    at: '4m',
    fires: never,
  },
];

const pool = 'service="booking",pool="main",instance="a"';
const poolWait = 'evently_db_pool_wait_duration_seconds';

const figuresRead = 'evently_db_figures_read_timestamp_seconds{service="booking",figures="oversold"';

const resourceCases: readonly Case[] = [
  {
    alert: 'EventlyFiguresStale',
    says: 'no process has read its database for three minutes',
    series: { [`${figuresRead},instance="a"}`]: '0x20', [`${figuresRead},instance="b"}`]: '0 15 30x20' },
    at: '4m',
    fires: [{ labels: { service: 'booking', figures: 'oversold' }, value: '3m 30s' }],
  },
  {
    alert: 'EventlyFiguresStale',
    says: 'one process cannot, the other does',
    series: { [`${figuresRead},instance="a"}`]: '0x20', [`${figuresRead},instance="b"}`]: '0+15x20' },
    at: '4m',
    fires: never,
  },
  {
    alert: 'EventlyFiguresStale',
    says: 'the database comes back in time',
    series: { [`${figuresRead},instance="a"}`]: '0 15 30x20' },
    at: '3m15s',
    fires: never,
  },
  {
    alert: 'EventlyPoolWaits',
    says: 'a third of what asks for a connection waits longer than 100 ms',
    series: growingBuckets(poolWait, pool, { '0.05': 100, '0.1': 100, '0.25': 150 }),
    at: '10m',
    fires: [{ labels: { service: 'booking', pool: 'main' }, value: '245.5ms' }],
  },
  {
    alert: 'EventlyPoolWaits',
    says: 'four minutes of an on-sale',
    series: growingBuckets(poolWait, pool, { '0.05': 100, '0.1': 100, '0.25': 150 }),
    at: '4m',
    fires: never,
  },
  {
    alert: 'EventlyPoolWaits',
    says: 'connections are there at once',
    series: growingBuckets(poolWait, pool, { '0.001': 149, '0.05': 150 }),
    at: '14m',
    fires: never,
  },
  {
    alert: 'EventlyPoolWaits',
    says: 'a job of the night waits for its one connection',
    series: growingBuckets(poolWait, pool, { '0.1': 0, '0.25': 1 }),
    at: '14m',
    fires: never,
  },
  {
    alert: 'EventlyEventLoopLags',
    says: 'turns of 300 ms for two minutes',
    series: {
      'nodejs_eventloop_lag_p99_seconds{job="booking",instance="a"}': '0.3x20',
      'nodejs_eventloop_lag_p99_seconds{job="booking",instance="b"}': '0.012x20',
    },
    at: '3m',
    fires: [{ labels: { job: 'booking', instance: 'a' }, value: '300ms' }],
  },
  {
    alert: 'EventlyEventLoopLags',
    says: 'a pause of garbage collection, and a program that is not ours',
    series: {
      'nodejs_eventloop_lag_p99_seconds{job="booking",instance="a"}': '0.02 0.4 0.02x20',
      'nodejs_eventloop_lag_p99_seconds{job="another",instance="x"}': '2x20',
    },
    at: '15s',
    fires: never,
  },
];

export const platformCases: readonly Case[] = [...messageCases, ...processCases, ...resourceCases];
