/** The dashboard of the processes themselves: event loop, memory, garbage collection, connections. */
import { rising, type Dashboard, type Row } from './panel.ts';
import { maxBy, rateBy, ratio, series, sumBy } from './queries.ts';
import { connections, processes, watching } from './runtime-detail.ts';

const health: Row = {
  title: 'Do processes have what they need?',
  panels: [
    {
      kind: 'figure',
      title: 'Processes heard',
      means: 'Processes that answered the last scrape.',
      act: 'Fewer than there are pods: see the targets of Prometheus, and the network policies.',
      unit: 'locale',
      noData: 'Nothing is scraped',
      width: 4,
      height: 4,
      queries: [{ expr: sumBy('', series('up')), legend: 'heard' }],
    },
    {
      kind: 'figure',
      title: 'Processes silent',
      means: 'Targets that Prometheus knows and that did not answer the last scrape.',
      act: 'Any that lasts: the process hangs, or its port of metrics is not reached.',
      unit: 'locale',
      noData: 'Nothing is scraped',
      width: 4,
      height: 4,
      queries: [{ expr: `count(${series('up')} == 0) or count(${series('up')}) * 0`, legend: 'silent' }],
      steps: rising(1, 3),
    },
    {
      kind: 'figure',
      title: 'Youngest process',
      means: 'Time since the process that started last was started.',
      act: 'Minutes, without a release: something restarts. Ask Kubernetes why (kubectl describe pod).',
      unit: 'dthms',
      noData: 'No process is heard',
      width: 4,
      height: 4,
      queries: [{ expr: `time() - ${maxBy('', series('process_start_time_seconds'))}`, legend: 'youngest' }],
      steps: [
        { from: null, colour: 'yellow' },
        { from: 600, colour: 'green' },
      ],
    },
    {
      kind: 'figure',
      title: 'Worst event loop lag',
      means: 'The p99 of the wait for the event loop, of the process where it is highest.',
      act: 'Above 100 ms everything that process answers is that late: see which one below, and its CPU.',
      unit: 's',
      noData: 'No process is heard',
      width: 4,
      height: 4,
      curve: true,
      queries: [{ expr: maxBy('', series('nodejs_eventloop_lag_p99_seconds')), legend: 'p99' }],
      steps: rising(0.05, 0.1),
    },
    {
      kind: 'figure',
      title: 'Waiting for a connection',
      means: 'Statements and transactions that wait for a connection of a pool, all processes together.',
      act: 'For more than moments: slow statements, or a pool that is too small for this load.',
      unit: 'short',
      noData: 'No pool is heard',
      width: 4,
      height: 4,
      curve: true,
      queries: [{ expr: sumBy('', series('evently_db_pool_waiting_items')), legend: 'waiting' }],
      steps: rising(20, 200),
    },
    {
      kind: 'figure',
      title: 'Time in garbage collection',
      means: 'Share of its time that the worst process spends in collecting garbage.',
      act: 'Above a tenth: the heap is too small for the load; give the process more memory.',
      unit: 'percentunit',
      noData: 'No process is heard',
      width: 4,
      height: 4,
      decimals: 1,
      curve: true,
      queries: [
        { expr: maxBy('', rateBy('instance', 'nodejs_gc_duration_seconds_sum')), legend: 'collecting' },
      ],
      steps: rising(0.05, 0.1),
    },
  ],
};

const loopAndMemory: Row = {
  title: 'Event loop, CPU, memory',
  panels: [
    {
      kind: 'curves',
      title: 'Event loop lag, p99',
      means:
        'How long work that was ready waited for the event loop, of each process; measured between scrapes.',
      act: 'One process alone: it has more traffic, or does something long at once.',
      unit: 's',
      noData: 'No process is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: maxBy('job, instance', series('nodejs_eventloop_lag_p99_seconds')),
          legend: '{{job}} {{instance}}',
        },
      ],
      steps: rising(0.05, 0.1),
    },
    {
      kind: 'curves',
      title: 'CPU',
      means:
        'Processors that each process uses; its JavaScript can use one, the rest is threads such as hashing.',
      act: 'At 1 for long: that process is at its limit, and more pods help.',
      unit: 'short',
      noData: 'No process is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        { expr: rateBy('job, instance', 'process_cpu_seconds_total'), legend: '{{job}} {{instance}}' },
      ],
      steps: rising(0.8, 1),
    },
    {
      kind: 'curves',
      title: 'Heap in use',
      means: 'Bytes of the heap that are in use, of each process.',
      act: 'A saw is right. Teeth whose lower ends climb for hours are a leak.',
      unit: 'bytes',
      noData: 'No process is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: maxBy('job, instance', series('nodejs_heap_size_used_bytes')),
          legend: '{{job}} {{instance}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Garbage collection, share of time by kind',
      means:
        'Time in garbage collection, of all processes together, by its kind; minor is cheap and frequent.',
      act: 'major that grows: old objects pile up.',
      unit: 'percentunit',
      noData: 'No process is heard',
      width: 8,
      height: 8,
      stacked: true,
      min: 0,
      queries: [{ expr: rateBy('kind', 'nodejs_gc_duration_seconds_sum'), legend: '{{kind}}' }],
    },
    {
      kind: 'curves',
      title: 'Mean pause of a collection, by kind',
      means: 'How long one collection lasts.',
      act: 'Above 50 ms buyers feel it as p99.',
      unit: 's',
      noData: 'No process is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: ratio(
            rateBy('kind', 'nodejs_gc_duration_seconds_sum'),
            rateBy('kind', 'nodejs_gc_duration_seconds_count'),
          ),
          legend: '{{kind}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Memory of the process',
      means:
        'Resident memory: the heap, buffers, and what the program itself takes. The limit of a pod counts this.',
      act: 'Near the limit of the pod: it will be killed. Raise the limit, or find who keeps what.',
      unit: 'bytes',
      noData: 'No process is heard',
      width: 8,
      height: 8,
      min: 0,
      queries: [
        {
          expr: maxBy('job, instance', series('process_resident_memory_bytes')),
          legend: '{{job}} {{instance}}',
        },
      ],
    },
  ],
};

export const runtime: Dashboard = {
  uid: 'evently-runtime',
  title: 'Evently / Runtime',
  answers: 'Do processes have what they need: the event loop, CPU, memory, connections of their databases?',
  tags: ['process', 'database'],
  refresh: '10s',
  from: 'now-1h',
  choices: ['service'],
  offeredBy: 'up',
  rows: [health, loopAndMemory, connections, processes, watching],
};
