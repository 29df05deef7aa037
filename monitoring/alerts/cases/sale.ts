/** Cases of the alerts of a sale. */
import { growingBuckets, never, type Case } from './case.ts';

const request = 'evently_http_request_duration_seconds';
const reserve = 'job="booking",service="booking",method="POST",route="/api/v1/bookings/reserve"';
const openSale = { 'evently_booking_sale_phase_info{job="booking",event="e1",phase="open"}': '1x60' };
const closedSale = { 'evently_booking_sale_phase_info{job="booking",event="e1",phase="open"}': '0x60' };
/** For a minute and a quarter; then the scrapes find none. */
const phasesUntilTheDatabaseLeft = {
  'evently_booking_sale_phase_info{job="booking",event="e1",phase="open"}': '1x5 stale',
};

function stock(instance: string, states: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(states).map(([state, values]) => [
      `evently_booking_inventory_tickets{job="booking",instance="${instance}",event="e1",state="${state}"}`,
      values,
    ]),
  );
}

const stockCases: readonly Case[] = [
  {
    alert: 'EventlyOversold',
    says: 'at the first look that sees one ticket too many',
    series: {
      'evently_booking_oversold_tickets{instance="a",event="e1"}': '0 0 0 1x10',
      'evently_booking_oversold_tickets{instance="b",event="e1"}': '0x20',
      'evently_booking_oversold_tickets{instance="b",event="e2"}': '0x20',
    },
    at: '45s',
    fires: [{ labels: { event: 'e1' }, value: '1' }],
  },
  {
    alert: 'EventlyOversold',
    says: 'minutes later still, although the pod that saw it is gone',
    series: { 'evently_booking_oversold_tickets{instance="a",event="e1"}': '0 2 stale' },
    at: '5m',
    fires: [{ labels: { event: 'e1' }, value: '2' }],
  },
  {
    alert: 'EventlyOversold',
    says: 'a house sold to its last seat',
    series: { 'evently_booking_oversold_tickets{instance="a",event="e1"}': '0x40' },
    at: '10m',
    fires: never,
  },
  {
    alert: 'EventlyStockBeyondCapacity',
    says: 'one seat more is taken than there is',
    series: { ...stock('a', { held: '2x20', sold: '0 8 9x20', capacity: '10x20' }) },
    at: '30s',
    fires: [{ labels: { event: 'e1' }, value: '1' }],
  },
  {
    alert: 'EventlyStockBeyondCapacity',
    says: 'minutes later still, although the pod that said so is gone',
    series: { ...stock('a', { held: '2 2 stale', sold: '9 9 stale', capacity: '10 10 stale' }) },
    at: '5m',
    fires: [{ labels: { event: 'e1' }, value: '1' }],
  },
  {
    alert: 'EventlyStockBeyondCapacity',
    says: 'a full house, whose capacity was raised between the scrapes of two pods',
    series: {
      ...stock('a', { held: '1x20', sold: '9x20', capacity: '10x20' }),
      ...stock('b', { held: '2x20', sold: '10x20', capacity: '12x20' }),
    },
    at: '4m',
    fires: never,
  },
  {
    alert: 'EventlyHoldsNotReturned',
    says: 'a minute after half a minute in which no sweep came',
    series: {
      'evently_booking_oldest_unswept_hold_seconds{instance="a"}': '0+15x20',
      'evently_booking_oldest_unswept_hold_seconds{instance="b"}': '0x20',
    },
    at: '1m45s',
    fires: [{ labels: {}, value: '1m 45s' }],
  },
  {
    alert: 'EventlyHoldsNotReturned',
    says: 'sweeps that take their time in a storm, and catch up',
    series: { 'evently_booking_oldest_unswept_hold_seconds{instance="a"}': '0 5 20 45 60 0x20' },
    at: '1m',
    fires: never,
  },
];

const late = 'evently_booking_sale_opened_late_seconds{event="e1"}';
const turnedAway = 'evently_booking_refusals_total{event="e1",reason="sale-not-open",instance="a"}';

const openingCases: readonly Case[] = [
  {
    alert: 'EventlySaleOpenedLate',
    says: 'the first of a crowd got a seat three seconds after the opening',
    series: { [late]: '_ _ _ 3x40', [turnedAway]: '0 200 400 600x40' },
    at: '1m',
    fires: [{ labels: { event: 'e1' }, value: '3s' }],
  },
  {
    alert: 'EventlySaleOpenedLate',
    says: 'ten minutes later still, so that somebody reads it',
    series: { [late]: '_ _ _ 3x60', [turnedAway]: '0 200 400 600x60' },
    at: '10m',
    fires: [{ labels: { event: 'e1' }, value: '3s' }],
  },
  {
    alert: 'EventlySaleOpenedLate',
    says: 'the first of a crowd got a seat at once',
    series: { [late]: '_ _ _ 0.02x40', [turnedAway]: '0 200 400 600x40' },
    at: '1m',
    fires: never,
  },
  {
    alert: 'EventlySaleOpenedLate',
    says: 'nobody wanted a ticket in the first minutes',
    series: { [late]: '_ _ _ 240x40', [turnedAway]: '0 1 2x40' },
    at: '1m',
    fires: never,
  },
];

const slowReserve = growingBuckets(request, `${reserve},status="200"`, {
  '0.05': 50,
  '0.1': 90,
  '0.25': 95,
  '0.5': 100,
});

const slowCases: readonly Case[] = [
  {
    alert: 'EventlyReserveSlow',
    says: 'one attempt in twenty takes a quarter of a second',
    series: { ...openSale, ...slowReserve },
    at: '2m',
    fires: [{ labels: {}, value: '450ms' }],
  },
  {
    alert: 'EventlyReserveSlow',
    says: 'the first half minute of it',
    series: { ...openSale, ...slowReserve },
    at: '30s',
    fires: never,
  },
  {
    alert: 'EventlyReserveSlow',
    says: 'all are answered within 100 ms',
    series: {
      ...openSale,
      ...growingBuckets(request, `${reserve},status="200"`, { '0.05': 80, '0.1': 100 }),
    },
    at: '5m',
    fires: never,
  },
  {
    alert: 'EventlyReserveSlow',
    says: 'four slow attempts a minute are not a crowd',
    series: {
      ...openSale,
      ...growingBuckets(request, `${reserve},status="200"`, { '0.1': 0, '0.5': 1 }),
    },
    at: '5m',
    fires: never,
  },
  {
    alert: 'EventlyReserveSlow',
    says: 'no sale is open',
    series: { ...closedSale, ...slowReserve },
    at: '5m',
    fires: never,
  },
  {
    alert: 'EventlyReserveSlow',
    says: 'only what was refused with 503 took long',
    series: {
      ...openSale,
      ...growingBuckets(request, `${reserve},status="200"`, { '0.05': 100 }),
      ...growingBuckets(request, `${reserve},status="503"`, { '0.1': 0, '2.5': 40 }),
    },
    at: '5m',
    fires: never,
  },
];

const failureCases: readonly Case[] = [
  {
    alert: 'EventlyReserveFails',
    says: 'one attempt in ten is answered with 503',
    series: {
      ...openSale,
      [`${request}_count{${reserve},status="200"}`]: '0+60x40',
      [`${request}_count{${reserve},status="409"}`]: '0+30x40',
      [`${request}_count{${reserve},status="503"}`]: '0+10x40',
    },
    at: '1m',
    fires: [{ labels: {}, value: '10%' }],
  },
  {
    alert: 'EventlyReserveFails',
    says: 'the database is away, and with it what it said of the phases',
    series: {
      ...phasesUntilTheDatabaseLeft,
      [`${request}_count{${reserve},status="200"}`]: '0+90x4 360x40',
      [`${request}_count{${reserve},status="503"}`]: '0 0 0 0 0 0+90x40',
    },
    at: '3m',
    fires: [{ labels: {}, value: '100%' }],
  },
  {
    alert: 'EventlyReserveFails',
    says: 'the first quarter of a minute of a failover',
    series: {
      ...openSale,
      [`${request}_count{${reserve},status="200"}`]: '0+60x40',
      [`${request}_count{${reserve},status="503"}`]: '0+40x40',
    },
    at: '30s',
    fires: never,
  },
  {
    alert: 'EventlyReserveFails',
    says: 'nine in ten are told that it is sold out',
    series: {
      ...openSale,
      [`${request}_count{${reserve},status="200"}`]: '0+10x40',
      [`${request}_count{${reserve},status="409"}`]: '0+90x40',
    },
    at: '5m',
    fires: never,
  },
  {
    alert: 'EventlyReserveFails',
    says: 'buyers who left before their answer are no failures',
    series: {
      ...openSale,
      [`${request}_count{${reserve},status="200"}`]: '0+50x40',
      [`${request}_count{${reserve},status="499"}`]: '0+50x40',
    },
    at: '5m',
    fires: never,
  },
  {
    alert: 'EventlyReserveFails',
    says: 'one of three attempts failed',
    series: {
      ...openSale,
      [`${request}_count{${reserve},status="200"}`]: '0 1 2x40',
      [`${request}_count{${reserve},status="500"}`]: '0 0 1x40',
    },
    at: '1m',
    fires: never,
  },
  {
    alert: 'EventlyReserveFails',
    says: 'no sale is open',
    series: {
      ...closedSale,
      [`${request}_count{${reserve},status="200"}`]: '0+90x40',
      [`${request}_count{${reserve},status="503"}`]: '0+10x40',
    },
    at: '5m',
    fires: never,
  },
];

function changes(perScrape: number, conflicts: number): Record<string, string> {
  return {
    'evently_booking_stock_changes_total{event="e1",cause="reserve"}': `0+${perScrape}x60`,
    'evently_booking_version_conflicts_total{event="e1"}': `0+${conflicts}x60`,
  };
}
const slowBatches = growingBuckets('evently_booking_batch_duration_seconds', 'kind="reserve"', {
  '0.064': 10,
  '0.128': 20,
  '0.256': 30,
});
const quickBatches = growingBuckets('evently_booking_batch_duration_seconds', 'kind="reserve"', {
  '0.008': 25,
  '0.016': 30,
});

const conflictCases: readonly Case[] = [
  {
    alert: 'EventlyVersionConflicts',
    says: 'nearly every change finds another process before it, and batches are slow',
    series: { ...openSale, ...changes(40, 38), ...slowBatches },
    at: '4m',
    fires: [{ labels: { event: 'e1' }, value: '95%' }],
  },
  {
    alert: 'EventlyVersionConflicts',
    says: 'the first minute, in which everyone comes',
    series: { ...openSale, ...changes(40, 38), ...slowBatches },
    at: '1m',
    fires: never,
  },
  {
    alert: 'EventlyVersionConflicts',
    says: 'many pods sell one event, and none of them waits',
    series: { ...openSale, ...changes(40, 38), ...quickBatches },
    at: '10m',
    fires: never,
  },
  {
    alert: 'EventlyVersionConflicts',
    says: 'batches are slow for another reason',
    series: { ...openSale, ...changes(40, 20), ...slowBatches },
    at: '10m',
    fires: never,
  },
  {
    alert: 'EventlyVersionConflicts',
    says: 'two pods take turns at an event that hardly anybody wants',
    series: { ...openSale, ...changes(2, 2), ...slowBatches },
    at: '10m',
    fires: never,
  },
  {
    alert: 'EventlyVersionConflicts',
    says: 'the sale is over, and payments are settled',
    series: { ...closedSale, ...changes(40, 38), ...slowBatches },
    at: '10m',
    fires: never,
  },
];

export const saleCases: readonly Case[] = [
  ...stockCases,
  ...openingCases,
  ...slowCases,
  ...failureCases,
  ...conflictCases,
];
