/** The dashboard of one sale: its first screen answers whether it is going well, for an organizer and for who is on call. */
import { allSales } from './all-sales.ts';
import { conflictSteps, failureSteps, latencySteps } from './limits.ts';
import { noneIsRight, neutral, type Colour, type Dashboard, type Row } from './panel.ts';
import { buyersAndHolds } from './sale-buyers.ts';
import {
  awaited,
  conflictRatio,
  failed,
  judged,
  maxBy,
  ofEvent,
  quantile,
  rateBy,
  ratio,
  reserving,
  series,
  shareOf,
  sumBy,
  tickets,
} from './queries.ts';

const requests = 'evently_http_request_duration_seconds';
const ofBooking = 'target=~".*booking.*"';
const noSale = 'No sale is chosen';

/** The colours of tickets by state, wherever they are shown. */
export const stateColours: Readonly<Record<string, Colour>> = {
  sold: 'green',
  held: 'yellow',
  available: 'blue',
  blocked: 'gray',
};

const wellness: Row = {
  title: 'Is this sale going well?',
  panels: [
    {
      kind: 'figure',
      title: 'Phase',
      means: 'The phase of the sale by the clock of its database: scheduled, open or closed.',
      act: 'When it is closed or scheduled and should be open, look at the EventSale and at the window in the catalog.',
      unit: 'none',
      noData: noSale,
      width: 2,
      height: 4,
      showsName: true,
      queries: [
        {
          expr: `${maxBy('phase', series('evently_booking_sale_phase_info', ofEvent))} == 1`,
          legend: '{{phase}}',
        },
      ],
      colours: { open: 'green', scheduled: 'blue', closed: 'gray' },
    },
    {
      kind: 'figure',
      title: 'Opens in',
      means: 'Time to the opening by the clock of the database; "ago" once it has opened.',
      act: 'Ten minutes before, the operator must show the sale as armed and its pods as ready: see the dashboard Operator.',
      leadsTo: 'operator',
      unit: 'dthms',
      noData: 'No opening is set',
      width: 3,
      height: 4,
      queries: [
        { expr: maxBy('', series('evently_booking_sale_opens_in_seconds', ofEvent)), legend: 'opens in' },
      ],
      steps: [
        { from: null, colour: 'green' },
        { from: 0, colour: 'blue' },
      ],
    },
    {
      kind: 'figure',
      title: 'Sell-through',
      means: 'Tickets sold as a share of the capacity without what the organizer blocked.',
      act: 'Nothing: it tells how far the sale is.',
      unit: 'percentunit',
      noData: noSale,
      width: 3,
      height: 4,
      decimals: 1,
      min: 0,
      max: 1,
      curve: true,
      queries: [
        { expr: ratio(tickets('sold'), `(${tickets('capacity')} - ${tickets('blocked')})`), legend: 'sold' },
      ],
    },
    {
      kind: 'figure',
      title: 'Left',
      means: 'Tickets that can be reserved now. Held ones are not among them; some of those come back.',
      act: 'When it stands still above zero while many are refused, look at the reasons of the refusals.',
      unit: 'locale',
      noData: noSale,
      width: 2,
      height: 4,
      queries: [{ expr: tickets('available'), legend: 'left' }],
      steps: neutral,
    },
    {
      kind: 'figure',
      title: 'Sold per second',
      means: 'Tickets whose booking was confirmed, a second, summed over all processes of booking.',
      act: 'When it falls while tickets are held, the payment is slow: see the dashboard Checkout.',
      leadsTo: 'checkout',
      unit: 'short',
      noData: 'No sales yet',
      width: 3,
      height: 4,
      decimals: 1,
      curve: true,
      queries: [{ expr: rateBy('', 'evently_booking_tickets_sold_total', ofEvent), legend: 'sold' }],
    },
    {
      kind: 'figure',
      title: 'Sold out in',
      means:
        'What is left and held, divided by what is sold a second now. A projection: it holds only while the speed does, and holds that lapse make it longer.',
      act: 'Nothing: it tells when to expect the end.',
      unit: 'dthms',
      noData: 'Nothing is sold now',
      width: 3,
      height: 4,
      queries: [
        {
          expr: ratio(
            `(${tickets('available')} + ${tickets('held')})`,
            rateBy('', 'evently_booking_tickets_sold_total', ofEvent),
          ),
          legend: 'sold out in',
        },
      ],
    },
    {
      kind: 'figure',
      title: 'Reserve p99',
      means:
        'Of a hundred attempts to reserve, ninety-nine are answered faster; refusals included, all sales together. It is what a buyer waits behind the gateway.',
      act: 'When it is red, see the dashboard Contention: the batches, the line before them, the locks.',
      leadsTo: 'contention',
      unit: 's',
      noData: 'Nobody reserves',
      width: 2,
      height: 4,
      queries: [{ expr: quantile(0.99, '', requests, ...reserving, judged), legend: 'p99' }],
      steps: latencySteps('reserve-latency'),
    },
    {
      kind: 'figure',
      title: 'Failed',
      means:
        'Attempts to reserve that were answered with 5xx, as a share; all sales together. "Sold out" is an answer and no failure.',
      act: 'When it is not green, see the dashboard Services for the route, and the log for the trace of one of them.',
      leadsTo: 'services',
      unit: 'percentunit',
      noData: 'Nobody reserves',
      width: 2,
      height: 4,
      decimals: 2,
      queries: [{ expr: shareOf('', `${requests}_count`, failed, ...reserving, awaited), legend: 'failed' }],
      steps: failureSteps('reserve-availability'),
    },
    {
      kind: 'figure',
      title: 'Oversold',
      means:
        'Tickets held or sold beyond the capacity, counted from the bookings themselves and not from the counters. Zero is right, always.',
      act: 'Anything else: stop the sale (intent Stop of its EventSale), then follow the runbook of the alert.',
      unit: 'locale',
      noData: noSale,
      width: 2,
      height: 4,
      queries: [
        {
          expr: sumBy('', maxBy('event', series('evently_booking_oversold_tickets', ofEvent))),
          legend: 'oversold',
        },
      ],
      steps: noneIsRight,
    },
    {
      kind: 'figure',
      title: 'Pods short',
      means: 'Pods of booking that are missing to the floor which the operator asks for.',
      act: 'Red a quarter of an hour before the opening: see why pods are not ready (nodes, images, quota) on the dashboard Operator.',
      leadsTo: 'operator',
      unit: 'locale',
      noData: 'No operator here',
      width: 2,
      height: 4,
      queries: [
        {
          expr: sumBy('', maxBy('namespace, target', series('evently_operator_shortfall_pods', ofBooking))),
          legend: 'short',
        },
      ],
      steps: noneIsRight,
    },
    {
      kind: 'curves',
      title: 'Tickets by state',
      means:
        "Where the tickets of the event are. The four states add up to the capacity; the numbers are the database's, the same from every process.",
      act: 'A held part that does not become sold means that buyers cannot pay; a sum that changes means that the organizer changed the capacity.',
      unit: 'locale',
      noData: noSale,
      width: 8,
      height: 8,
      stacked: true,
      min: 0,
      queries: [
        {
          expr: maxBy('state', series('evently_booking_inventory_tickets', ofEvent, 'state!="capacity"')),
          legend: '{{state}}',
        },
      ],
      colours: stateColours,
    },
    {
      kind: 'curves',
      title: 'Tickets per second',
      means:
        'Tickets that were reserved, sold, and given back, a second, summed over all processes of booking.',
      act: 'Reserved far above sold for longer than a hold lasts means that holds lapse: see Checkout.',
      unit: 'short',
      noData: 'Nothing moves',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        { expr: rateBy('', 'evently_booking_tickets_reserved_total', ofEvent), legend: 'reserved' },
        { expr: rateBy('', 'evently_booking_tickets_sold_total', ofEvent), legend: 'sold' },
        { expr: rateBy('', 'evently_booking_tickets_released_total', ofEvent), legend: 'given back' },
      ],
      colours: { reserved: 'yellow', sold: 'green', 'given back': 'red' },
    },
    {
      kind: 'curves',
      title: 'Refusals per second, by reason',
      means: 'Attempts to reserve that were answered with "no", by reason, summed over all processes.',
      act: 'sold-out and not-enough-seats belong to a full house. queue-full means that buyers come faster than batches: see Contention whether batches are slow (then more pods make it worse) or the pods too few. sale-not-open in masses means that clients come early.',
      leadsTo: 'contention',
      unit: 'reqps',
      noData: 'Nobody was refused',
      width: 8,
      height: 8,
      stacked: true,
      min: 0,
      queries: [{ expr: rateBy('reason', 'evently_booking_refusals_total', ofEvent), legend: '{{reason}}' }],
    },
    {
      kind: 'curves',
      title: 'Reserve latency',
      means:
        'Time from a request to reserve to its answer, waiting for its batch included; all sales together. The points are single requests: each leads to its trace.',
      act: 'p99 above the dashed line: see Contention. Only p99, not p50: one slow process, see Runtime.',
      leadsTo: 'contention',
      unit: 's',
      noData: 'Nobody reserves',
      width: 8,
      height: 8,
      min: 0,
      queries: [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, '', requests, ...reserving, judged),
        legend: `p${q * 100}`,
      })),
      steps: latencySteps('reserve-latency'),
    },
    {
      kind: 'curves',
      title: 'Version conflicts, share of changes',
      means:
        'Changes of the stock before which another process had changed the event, as a share of all changes. With n processes that sell one event evenly it is near (n - 1) / n: it shows how much they take turns, and costs nothing by itself.',
      act: 'It matters together with a high p99: then fewer processes sell this event faster than more do. See Contention.',
      leadsTo: 'contention',
      unit: 'percentunit',
      noData: 'Nothing changes the stock',
      width: 8,
      height: 8,
      min: 0,
      max: 1,
      queries: [{ expr: conflictRatio('', ofEvent), legend: 'conflicts' }],
      steps: conflictSteps,
    },
    {
      kind: 'curves',
      title: 'Pods against the floor',
      means:
        'The least pods of booking that the operator asks for, those that are ready, those planned for the peak, and the processes of booking that Prometheus hears.',
      act: 'Ready below the floor: see Operator. Heard below ready: Prometheus does not reach a pod, and all sums here are too small.',
      leadsTo: 'operator',
      unit: 'locale',
      noData: 'No process of booking is heard',
      width: 8,
      height: 8,
      min: 0,
      decimals: 0,
      queries: [
        {
          expr: sumBy('', maxBy('namespace, target', series('evently_operator_floor_pods', ofBooking))),
          legend: 'floor',
        },
        {
          expr: sumBy('', maxBy('namespace, target', series('evently_operator_ready_pods', ofBooking))),
          legend: 'ready',
        },
        {
          expr: sumBy(
            '',
            maxBy('namespace, target', series('evently_operator_planned_peak_pods', ofBooking)),
          ),
          legend: 'planned peak',
        },
        { expr: `count(${series('evently_booking_queue_length_items')})`, legend: 'heard' },
      ],
      colours: { floor: 'red', ready: 'green', 'planned peak': 'gray', heard: 'blue' },
    },
  ],
};

export const sale: Dashboard = {
  uid: 'evently-sale',
  title: 'Evently / Sale',
  answers:
    'Is this sale going well? When does it open, what is left, how fast is it sold, who is refused and why, how long do buyers wait, are there enough pods?',
  tags: ['sale', 'booking'],
  refresh: '5s',
  from: 'now-30m',
  choices: ['event'],
  offeredBy: 'evently_build_info',
  marksSales: true,
  rows: [wellness, allSales, buyersAndHolds],
};
