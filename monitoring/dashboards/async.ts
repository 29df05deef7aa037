/** The dashboard of what happens after an answer: outbox, bus, dead letters, the search index. */
import { bus, searchIndex } from './async-consumers.ts';
import { noneIsRight, rising, type Dashboard, type Row } from './panel.ts';
import { maxBy, rateBy, series, sumBy } from './queries.ts';

const arriving: Row = {
  title: 'Does everything that was promised arrive?',
  panels: [
    {
      kind: 'figure',
      title: 'Oldest message in an outbox',
      means: 'Age of the oldest message that is committed and not published yet, of all services.',
      act: 'Above some seconds: the relay stands or Redis is away. Nothing is lost; it is late.',
      unit: 's',
      noData: 'No outbox is heard',
      width: 4,
      height: 4,
      curve: true,
      queries: [{ expr: maxBy('', series('evently_outbox_oldest_age_seconds')), legend: 'oldest' }],
      steps: rising(10, 60),
    },
    {
      kind: 'figure',
      title: 'Waiting in outboxes',
      means: 'Messages that are committed and not published yet, all services together.',
      act: 'Growing: see whether the stream of a topic is full, below.',
      unit: 'locale',
      noData: 'No outbox is heard',
      width: 4,
      height: 4,
      curve: true,
      queries: [
        {
          expr: sumBy('', maxBy('service', series('evently_outbox_waiting_items'))),
          legend: 'waiting',
        },
      ],
      steps: rising(1_000, 10_000),
    },
    {
      kind: 'figure',
      title: 'Dead letters',
      means: 'Messages that a consumer could not handle and put aside.',
      act: 'Any: evently dead-letters lists them with their errors; mend the cause, then replay them.',
      unit: 'locale',
      noData: 'No service is heard',
      width: 4,
      height: 4,
      queries: [
        { expr: sumBy('', maxBy('service', series('evently_dead_letters_items'))), legend: 'dead letters' },
      ],
      steps: noneIsRight,
    },
    {
      kind: 'figure',
      title: 'Consumers behind',
      means:
        'Messages that the consumer which is furthest behind was not given yet. In one process messages are handed over directly, and there is no such number.',
      act: 'Growing: that consumer is too slow or fails; see the failures below.',
      unit: 'short',
      noData: 'No stream here',
      width: 4,
      height: 4,
      curve: true,
      queries: [{ expr: maxBy('', series('evently_bus_lag_items')), legend: 'behind' }],
      steps: rising(1_000, 10_000),
    },
    {
      kind: 'figure',
      title: 'Index behind by',
      means: 'Age of the oldest change of the catalog or of stock that the search index does not show yet.',
      act: 'Above a minute: buyers search in the past. See whether the engine is up and the consumer of search works.',
      unit: 's',
      noData: 'No search is heard',
      width: 4,
      height: 4,
      curve: true,
      queries: [{ expr: maxBy('', series('evently_search_index_lag_seconds')), legend: 'behind' }],
      steps: rising(10, 60),
    },
    {
      kind: 'figure',
      title: 'Search engine',
      means: 'Whether the engine answers the processes of search; away when one of them does not reach it.',
      act: "Away: the catalog's own list still works; bring the engine back, the index catches up by itself.",
      unit: 'none',
      noData: 'No search is heard',
      width: 4,
      height: 4,
      queries: [{ expr: `min(${series('evently_search_engine_up_info')})`, legend: 'engine' }],
      words: { 0: { text: 'away', colour: 'red' }, 1: { text: 'up', colour: 'green' } },
      steps: [
        { from: null, colour: 'red' },
        { from: 1, colour: 'green' },
      ],
    },
  ],
};

const outbox: Row = {
  title: 'Outbox',
  panels: [
    {
      kind: 'curves',
      title: 'Oldest message in the outbox, by service',
      means:
        'Age of the oldest message that is committed and not published yet. From the database, the same from every process.',
      act: 'A straight line up is a relay that stands: see the log of that service.',
      unit: 's',
      noData: 'No outbox is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        { expr: maxBy('service', series('evently_outbox_oldest_age_seconds')), legend: '{{service}}' },
      ],
      steps: rising(10, 60),
    },
    {
      kind: 'curves',
      title: 'Waiting in the outbox, by service',
      means: 'Messages that are committed and not published yet.',
      act: 'A hill during a sale is right when it goes down again.',
      unit: 'short',
      noData: 'No outbox is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: maxBy('service', series('evently_outbox_waiting_items')), legend: '{{service}}' }],
    },
    {
      kind: 'curves',
      title: 'Published per second, by topic',
      means: 'Messages that relays handed to the bus, summed over all processes.',
      act: 'Zero while messages wait: the relay stands.',
      unit: 'ops',
      noData: 'Nothing was published',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('service, topic', 'evently_outbox_published_total'),
          legend: '{{service}}: {{topic}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Dead letters, by service',
      means: 'Messages that were put aside by the consumers of each service and wait for somebody.',
      act: 'A step up is a message that nobody can handle: read its error before you replay it.',
      unit: 'short',
      noData: 'No service is heard',
      width: 24,
      height: 6,
      min: 0,
      decimals: 0,
      queries: [{ expr: maxBy('service', series('evently_dead_letters_items')), legend: '{{service}}' }],
      steps: noneIsRight,
    },
  ],
};

export const asyncWork: Dashboard = {
  uid: 'evently-async',
  title: 'Evently / Async',
  answers:
    'Does everything that was promised arrive: messages published, handled, put aside, and in the search index?',
  tags: ['messages', 'search'],
  refresh: '10s',
  from: 'now-1h',
  choices: [],
  offeredBy: 'evently_build_info',
  rows: [arriving, outbox, bus, searchIndex],
};
