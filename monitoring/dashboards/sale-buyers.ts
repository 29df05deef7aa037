/** A row of the dashboard Sale: what becomes of buyers who were answered, and of seats that are held. */
import { rising, type Row } from './panel.ts';
import { maxBy, ofEvent, rateBy, reserving, series } from './queries.ts';

const requests = 'evently_http_request_duration_seconds';

export const buyersAndHolds: Row = {
  title: 'Buyers and holds',
  panels: [
    {
      kind: 'figure',
      title: 'Opened late by',
      means:
        'Time from the opening that was set to the first reservation that was granted. Nobody who wants a ticket in that time is lateness, too.',
      act: 'More than a second with a crowd waiting: see the log of booking at that moment, and whether the clocks of the databases agree.',
      unit: 's',
      noData: 'Not opened yet',
      width: 4,
      height: 4,
      queries: [
        { expr: maxBy('', series('evently_booking_sale_opened_late_seconds', ofEvent)), legend: 'late' },
      ],
      steps: rising(1, 5),
    },
    {
      kind: 'figure',
      title: 'Oldest hold not returned',
      means:
        'Age of the oldest hold that has ended and whose seats are not back yet; all sales together. The sweep returns them each second.',
      act: 'Above a few seconds: seats are kept from buyers. See whether a process of booking runs and its sweeps succeed.',
      unit: 's',
      noData: 'Booking is not heard',
      width: 4,
      height: 4,
      queries: [{ expr: maxBy('', series('evently_booking_oldest_unswept_hold_seconds')), legend: 'oldest' }],
      steps: rising(5, 30),
    },
    {
      kind: 'figure',
      title: 'Waiting buyers',
      means: 'Entries of the waitlist that wait for a seat, of this event.',
      act: 'Nothing: each seat that comes back is offered to them first.',
      unit: 'locale',
      noData: 'No waitlist',
      width: 4,
      height: 4,
      queries: [
        {
          expr: maxBy('', series('evently_booking_waitlist_entries_items', ofEvent, 'state="waiting"')),
          legend: 'waiting',
        },
      ],
    },
    {
      kind: 'figure',
      title: 'Open offers',
      means:
        'Entries of the waitlist that were offered seats and have not answered yet; the seats are held for them.',
      act: 'Nothing: an offer that is not taken in time goes to the next one.',
      unit: 'locale',
      noData: 'No waitlist',
      width: 4,
      height: 4,
      queries: [
        {
          expr: maxBy('', series('evently_booking_waitlist_entries_items', ofEvent, 'state="offered"')),
          legend: 'offered',
        },
      ],
    },
    {
      kind: 'states',
      title: 'Phases of the chosen sale',
      means: 'In which phase the sale was when; one line for each phase, filled while it was in it.',
      act: 'A gap means that no process of booking could read its database.',
      unit: 'none',
      noData: 'No sale is chosen',
      width: 8,
      height: 4,
      queries: [
        { expr: maxBy('phase', series('evently_booking_sale_phase_info', ofEvent)), legend: '{{phase}}' },
      ],
      words: { 0: { text: ' ', colour: 'text' }, 1: { text: 'yes', colour: 'green' } },
      steps: [
        { from: null, colour: 'text' },
        { from: 1, colour: 'green' },
      ],
    },
    {
      kind: 'curves',
      title: 'Answers to attempts to reserve',
      means:
        'Answers of the route that reserves, by status; all sales together. 409 is a refusal, such as "sold out".',
      act: '429 comes from the limits, 503 from a full line or a database that is away, 500 from a defect: look for its log line.',
      leadsTo: 'services',
      unit: 'reqps',
      noData: 'Nobody reserves',
      width: 8,
      height: 8,
      stacked: true,
      min: 0,
      queries: [
        {
          expr: rateBy('status', 'evently_http_request_duration_seconds_count', ...reserving),
          legend: '{{status}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Tickets given back, by cause',
      means: 'Tickets that went back to stock, held or sold before, a second, by why.',
      act: 'hold_lapsed: buyers did not finish paying in time. payment_given_up: see Checkout.',
      leadsTo: 'checkout',
      unit: 'short',
      noData: 'Nothing was given back',
      width: 8,
      height: 8,
      stacked: true,
      min: 0,
      queries: [
        { expr: rateBy('cause', 'evently_booking_tickets_released_total', ofEvent), legend: '{{cause}}' },
      ],
    },
    {
      kind: 'heat',
      title: 'Attempts to reserve, by how long they took',
      means:
        'How many attempts were answered in which time; all sales together. Two bands are two kinds of answers.',
      act: 'A band that climbs with the crowd is a line that grows: see the line before the batches on Contention.',
      unit: 's',
      noData: 'Nobody reserves',
      width: 8,
      height: 8,
      queries: [{ expr: rateBy('le', `${requests}_bucket`, ...reserving), legend: '{{le}}' }],
    },
  ],
};
