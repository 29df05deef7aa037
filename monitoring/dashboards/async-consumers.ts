/** Rows of the dashboard Async: the streams between pods and who reads them, and the index of search. */
import { rising, type Row } from './panel.ts';
import { maxBy, quantile, rateBy, series } from './queries.ts';

export const bus: Row = {
  title: 'Bus between pods',
  panels: [
    {
      kind: 'curves',
      title: 'Not given yet, by consumer',
      means: 'Messages of a topic that a consumer was not given yet, as the publisher saw it last.',
      act: 'One consumer climbs: it is too slow or away. All climb: Redis is.',
      unit: 'short',
      noData: 'No stream here',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: maxBy('topic, consumer', series('evently_bus_lag_items')),
          legend: '{{topic}} to {{consumer}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Given and not handled, by consumer',
      means: 'Messages that a consumer was given and has not marked as handled.',
      act: 'A floor that stays is a pod that died with them: they are taken over after a while.',
      unit: 'short',
      noData: 'No stream here',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: maxBy('topic, consumer', series('evently_bus_pending_items')),
          legend: '{{topic}} to {{consumer}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Length of the streams',
      means:
        'Messages in the stream of each topic. It has a limit; when it is full, messages stay in the outbox.',
      act: 'At the limit: the slowest consumer holds all of them back.',
      unit: 'short',
      noData: 'No stream here',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: maxBy('topic', series('evently_bus_stream_items')), legend: '{{topic}}' }],
    },
    {
      kind: 'curves',
      title: 'Handled per second, by consumer',
      means: 'Messages that consumers have handled, summed over all processes.',
      act: 'Compare it with what is published.',
      unit: 'ops',
      noData: 'No stream here',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('topic, consumer', 'evently_bus_handled_total'),
          legend: '{{topic}} to {{consumer}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Failed per second, by consumer',
      means: 'Attempts that failed, each of one message. After some of them a message becomes a dead letter.',
      act: 'Any that last: the log of that service has the error.',
      unit: 'ops',
      noData: 'Nothing failed',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('topic, consumer', 'evently_bus_failed_total'),
          legend: '{{topic}} to {{consumer}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Held back and published again, per second',
      means:
        'Rounds in which a stream was full, and messages that were published again because their stream was lost.',
      act: 'Published again: Redis lost its memory; the inboxes keep each effect single.',
      unit: 'ops',
      noData: 'Nothing was held back',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        { expr: rateBy('topic', 'evently_bus_held_back_total'), legend: '{{topic}} held back' },
        { expr: rateBy('topic', 'evently_bus_replayed_total'), legend: '{{topic}} again' },
      ],
    },
  ],
};

export const searchIndex: Row = {
  title: 'Search index',
  panels: [
    {
      kind: 'curves',
      title: 'Index behind by, over time',
      means: 'Age of the oldest change that the index does not show yet; 0 when it shows all.',
      act: 'A straight line up: nothing is written. See whether the engine is up.',
      unit: 's',
      noData: 'No search is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: maxBy('', series('evently_search_index_lag_seconds')), legend: 'behind' }],
      steps: rising(10, 60),
    },
    {
      kind: 'curves',
      title: 'Changes that wait for the index, and documents',
      means: 'Changes that are known and not in the index yet, and how many documents it has.',
      act: 'Documents that fall without a reason: compare with evently search-check.',
      unit: 'short',
      noData: 'No search is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        { expr: maxBy('', series('evently_search_index_waiting_items')), legend: 'waiting' },
        { expr: maxBy('', series('evently_search_index_documents_items')), legend: 'documents' },
      ],
    },
    {
      kind: 'curves',
      title: 'Repairs per second, by reason',
      means: 'Documents that the reconciler found wrong or missing and wrote again.',
      act: 'A few after an outage are right. Repairs without end: messages are lost on the way to search.',
      unit: 'ops',
      noData: 'Nothing was repaired',
      width: 8,
      height: 8,
      min: 0,
      queries: [{ expr: rateBy('reason', 'evently_search_repairs_total'), legend: '{{reason}}' }],
    },
    {
      kind: 'curves',
      title: 'Search latency, p99 by kind',
      means: 'Time of a query in the engine, by its kind. The points are single requests.',
      act: 'Slow with an index that is behind: the engine is busy writing.',
      unit: 's',
      noData: 'Nobody searches',
      width: 12,
      height: 8,
      min: 0,
      queries: [
        {
          expr: quantile(0.99, 'kind', 'evently_search_query_duration_seconds'),
          legend: '{{kind}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Searches per second, by outcome',
      means: 'Queries by kind and what they came to.',
      act: 'Others than answered: the engine is away or refuses; the words are in the log of search.',
      unit: 'reqps',
      noData: 'Nobody searches',
      width: 12,
      height: 8,
      min: 0,
      queries: [
        {
          expr: rateBy('kind, outcome', 'evently_search_query_duration_seconds_count'),
          legend: '{{kind}} {{outcome}}',
        },
      ],
    },
  ],
};
