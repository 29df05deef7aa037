/** The dashboard of checkout: whether those who hold seats can pay, and what is not known of their money. */
import { moneyOpen } from './checkout-open.ts';
import { latencySteps } from './limits.ts';
import { noneIsRight, rising, type Dashboard, type Row } from './panel.ts';
import {
  gained,
  judged,
  maxBy,
  quantile,
  rateBy,
  ratio,
  reserving,
  series,
  shareOf,
  sumBy,
} from './queries.ts';

const confirmations = 'evently_booking_confirmations_total';
const requests = 'evently_http_request_duration_seconds';
const confirming = ['service="booking"', 'method="POST"', 'route="/api/v1/bookings/confirm"'];
const provider = 'evently_payment_provider_seconds';
const paid = sumBy('', gained(confirmations, 'outcome="paid"'));
const asked = sumBy('', gained(confirmations, 'outcome="asked"'));

const ability: Row = {
  title: 'Can those who hold seats pay?',
  panels: [
    {
      kind: 'figure',
      title: 'Paid of asked',
      means: 'Confirmations that were paid, as a share of those asked for, over the time that is shown.',
      act: "Below nine of ten: see the outcomes below. declined is the buyers' banks, failed is us, unknown is the provider.",
      unit: 'percentunit',
      noData: 'Nobody confirms',
      width: 3,
      height: 4,
      decimals: 1,
      min: 0,
      max: 1,
      queries: [{ expr: ratio(`(${paid} or ${asked} * 0)`, asked), legend: 'paid', instant: true }],
      steps: [
        { from: null, colour: 'red' },
        { from: 0.8, colour: 'yellow' },
        { from: 0.9, colour: 'green' },
      ],
    },
    {
      kind: 'figure',
      title: 'Confirm p99',
      means: 'Of a hundred confirmations, ninety-nine are answered faster, the payment provider included.',
      act: 'Red while the provider is fast: see the batches of kind confirm and settle on Contention.',
      leadsTo: 'contention',
      unit: 's',
      noData: 'Nobody confirms',
      width: 3,
      height: 4,
      queries: [{ expr: quantile(0.99, '', requests, ...confirming, judged), legend: 'p99' }],
      steps: latencySteps('confirm-latency'),
    },
    {
      kind: 'figure',
      title: 'Provider p99',
      means: 'Of a hundred calls of the payment provider, ninety-nine are answered faster.',
      act: 'Red: look at the status page of the provider. Seats stay held while it is slow.',
      unit: 's',
      noData: 'Nobody pays',
      width: 3,
      height: 4,
      queries: [{ expr: quantile(0.99, '', provider), legend: 'p99' }],
      steps: latencySteps('confirm-latency'),
    },
    {
      kind: 'figure',
      title: 'Provider silent',
      means:
        'Calls of the provider that timed out or had a broken answer, as a share. Their money is unknown until it is asked again.',
      act: 'Above one in a hundred: the provider or the way to it is disturbed.',
      unit: 'percentunit',
      noData: 'Nobody pays',
      width: 3,
      height: 4,
      decimals: 2,
      queries: [{ expr: shareOf('', `${provider}_count`, 'outcome="no-answer"'), legend: 'no answer' }],
      steps: rising(0.01, 0.05),
    },
    {
      kind: 'figure',
      title: 'Unknown payments',
      means:
        'Bookings whose payment is not known; their seats stay held. From the database, the same from every process.',
      act: 'It falls by itself while the provider is asked again. Older than a quarter of an hour: follow the runbook of the alert.',
      unit: 'locale',
      noData: 'Booking is not heard',
      width: 3,
      height: 4,
      curve: true,
      queries: [
        {
          expr: maxBy('', series('evently_booking_bookings_items', 'status="payment_unknown"')),
          legend: 'unknown',
        },
      ],
      steps: rising(1, 50),
    },
    {
      kind: 'figure',
      title: 'Oldest unknown',
      means: 'Age of the oldest attempt without an outcome.',
      act: 'Above a quarter of an hour an alert fires: ask the provider for that attempt by its id.',
      unit: 'dthms',
      noData: 'Payment is not heard',
      width: 3,
      height: 4,
      queries: [{ expr: maxBy('', series('evently_payment_oldest_unknown_seconds')), legend: 'oldest' }],
      steps: rising(300, 900),
    },
    {
      kind: 'figure',
      title: 'Cases for a person',
      means: 'Attempts and refunds that nobody but a person can settle.',
      act: 'Each needs somebody: evently cases lists them; the runbook says what each asks for.',
      unit: 'locale',
      noData: 'Payment is not heard',
      width: 3,
      height: 4,
      queries: [
        { expr: maxBy('', series('evently_payment_unsettled_items', 'what="cases"')), legend: 'cases' },
      ],
      steps: noneIsRight,
    },
    {
      kind: 'figure',
      title: 'Paying now',
      means: 'Bookings whose payment is under way.',
      act: 'Growing while the provider is fast: confirmations stand in line, see Contention.',
      unit: 'locale',
      noData: 'Booking is not heard',
      width: 3,
      height: 4,
      curve: true,
      queries: [
        { expr: maxBy('', series('evently_booking_bookings_items', 'status="paying"')), legend: 'paying' },
      ],
    },
    {
      kind: 'bars',
      title: 'Funnel',
      means:
        'Over the time that is shown, all sales together: reservations that were granted, confirmations asked for, and what they came to. Counters of processes that ended are in it as far as Prometheus heard them.',
      act: 'The longest step down is where buyers are lost. granted to asked: they left. asked to paid: see the outcomes.',
      unit: 'locale',
      noData: 'Nobody reserved',
      width: 8,
      height: 8,
      decimals: 0,
      min: 0,
      queries: [
        {
          expr: sumBy('', gained(`${requests}_count`, ...reserving, 'status=~"2.."')),
          legend: '1 reservation granted',
          instant: true,
        },
        ...['asked', 'paid', 'declined', 'unknown', 'refused', 'failed'].map((outcome, index) => ({
          expr: sumBy('', gained(confirmations, `outcome="${outcome}"`)),
          legend: `${index + 2} ${outcome}`,
          instant: true,
        })),
      ],
    },
    {
      kind: 'curves',
      title: 'Confirmations per second, by outcome',
      means:
        'asked is all of them; the others are what became of them. repeated is the answer of before, given again to the same key.',
      act: 'failed must be zero: each has a log line. refused is late or ended; unknown comes with a slow provider.',
      unit: 'reqps',
      noData: 'Nobody confirms',
      width: 16,
      height: 8,
      min: 0,
      queries: [{ expr: rateBy('outcome', confirmations), legend: '{{outcome}}' }],
      colours: { asked: 'blue', paid: 'green', declined: 'yellow', unknown: 'orange', failed: 'red' },
    },
  ],
};

const latency: Row = {
  title: 'How long paying takes',
  panels: [
    {
      kind: 'curves',
      title: 'Provider latency, p99 by outcome',
      means: 'Time of calls of the payment provider by what they came to; no-answer is its deadline.',
      act: 'no-answer alone: time-outs. answered climbs: the provider is slow, buyers wait.',
      unit: 's',
      noData: 'Nobody pays',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: quantile(0.99, 'outcome', provider), legend: '{{outcome}}' }],
      steps: latencySteps('confirm-latency'),
    },
    {
      kind: 'heat',
      title: 'Provider calls, by how long they took',
      means: 'How many calls of the provider took how long, whatever they came to.',
      act: 'A line at the top is the deadline: those payments are unknown.',
      unit: 's',
      noData: 'Nobody pays',
      width: 8,
      height: 8,
      queries: [{ expr: rateBy('le', `${provider}_bucket`), legend: '{{le}}' }],
    },
    {
      kind: 'curves',
      title: 'Confirm latency',
      means:
        'Time from a confirmation to its answer. The points are single requests: each leads to its trace.',
      act: "Far above the provider's own: the time is lost in booking or payment, see Services.",
      leadsTo: 'services',
      unit: 's',
      noData: 'Nobody confirms',
      width: 8,
      height: 8,
      min: 0,
      queries: [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, '', requests, ...confirming, judged),
        legend: `p${q * 100}`,
      })),
      steps: latencySteps('confirm-latency'),
    },
  ],
};

export const checkout: Dashboard = {
  uid: 'evently-checkout',
  title: 'Evently / Checkout',
  answers:
    'Can those who hold seats pay? Where are buyers lost, how slow is the provider, whose money is unknown?',
  tags: ['booking', 'payment'],
  refresh: '10s',
  from: 'now-1h',
  choices: [],
  offeredBy: 'evently_build_info',
  rows: [ability, latency, moneyOpen],
};
