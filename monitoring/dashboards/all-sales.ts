/** A row of the dashboard Sale: every sale that is on, one line each; a click on its name chooses it. */
import { noneIsRight, type Row } from './panel.ts';
import { conflictRatio, maxBy, rateBy, series } from './queries.ts';

const inventory = (state: string): string =>
  maxBy('event', series('evently_booking_inventory_tickets', `state="${state}"`));
const inPhase = (phase: string): string =>
  maxBy('event', series('evently_booking_sale_phase_info', `phase="${phase}"`));

export const allSales: Row = {
  title: 'All sales',
  panels: [
    {
      kind: 'grid',
      title: 'All sales now',
      means:
        'Every event that is on sale or sold within the last ten minutes, fifty at most; the others are counted together as "other" and have no line.',
      act: 'Click on a name to see its sale above. Oversold must be 0 in every line.',
      unit: 'locale',
      noData: 'No event is on sale',
      width: 24,
      height: 7,
      joinedBy: 'event',
      sortedBy: 'Sold per second',
      queries: [
        { expr: maxBy('event, name', series('evently_booking_sale_info')), legend: 'name', instant: true },
        {
          expr: `${inPhase('scheduled')} + 2 * ${inPhase('open')} + 3 * ${inPhase('closed')}`,
          legend: 'phase',
          instant: true,
        },
        {
          expr: maxBy('event', series('evently_booking_sale_opens_in_seconds')),
          legend: 'opens in',
          instant: true,
        },
        { expr: inventory('capacity'), legend: 'capacity', instant: true },
        { expr: inventory('sold'), legend: 'sold', instant: true },
        { expr: inventory('held'), legend: 'held', instant: true },
        { expr: inventory('available'), legend: 'left', instant: true },
        {
          expr: rateBy('event', 'evently_booking_tickets_sold_total'),
          legend: 'sold per second',
          instant: true,
        },
        { expr: conflictRatio('event'), legend: 'conflicts', instant: true },
        {
          expr: maxBy('event', series('evently_booking_oversold_tickets')),
          legend: 'oversold',
          instant: true,
        },
      ],
      columns: [
        {
          field: 'name',
          title: 'Event',
          link: {
            title: 'Show this sale',
            url: '/d/evently-sale?var-event=${__data.fields.event}&${datasource:queryparam}&${__url_time_range}',
          },
        },
        {
          field: 'Value #B',
          title: 'Phase',
          words: {
            1: { text: 'scheduled', colour: 'blue' },
            2: { text: 'open', colour: 'green' },
            3: { text: 'closed', colour: 'gray' },
          },
        },
        { field: 'Value #C', title: 'Opens in', unit: 'dthms' },
        { field: 'Value #D', title: 'Capacity' },
        { field: 'Value #E', title: 'Sold' },
        { field: 'Value #F', title: 'Held' },
        { field: 'Value #G', title: 'Left' },
        { field: 'Value #H', title: 'Sold per second', decimals: 1 },
        { field: 'Value #I', title: 'Version conflicts', unit: 'percentunit', decimals: 1 },
        { field: 'Value #J', title: 'Oversold', steps: noneIsRight },
        { field: 'event', title: 'event', hidden: true },
      ],
    },
  ],
};
