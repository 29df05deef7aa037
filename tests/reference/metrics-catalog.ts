/** Every metric of every process, by what has it: from the values that the code makes its metrics of. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import {
  bookingCounters,
  bookingFigures,
  bookingHistograms,
  queueLength,
} from '@evently/booking/metrics-definitions';
import { eventDefinitions } from '@evently/event/metrics';
import { createRegistry, processDefinitions } from '@evently/kit/metrics';
import { databaseDefinitions } from '@evently/kit/metrics-database';
import type { MetricDefinition } from '@evently/kit/metrics-define';
import { readingDefinitions } from '@evently/kit/metrics-reading';
import { replicaDefinitions } from '@evently/kit/replica';
import { tracingDefinitions } from '@evently/kit/tracing-metrics';
import { runtimeDefinitions } from '@evently/operator/kube/metrics-definitions';
import { operatorDefinitions } from '@evently/operator/metrics-definitions';
import { paymentDefinitions } from '@evently/payment/metrics';
import { podDefinitions } from '@evently/pod/metrics';
import { cacheDefinitions } from '@evently/redis/cache';
import { limiterDefinitions } from '@evently/redis/rate-limiter';
import { streamDefinitions } from '@evently/redis/stream-metrics';
import { searchDefinitions } from '@evently/search/metrics';
import { standaloneDefinitions } from '@evently/standalone/metrics';
import { userDefinitions } from '@evently/user/metrics';

export const pods = ['user', 'event', 'search', 'booking', 'payment'] as const;
export type Process = (typeof pods)[number] | 'standalone' | 'operator';
const services: readonly Process[] = [...pods, 'standalone'];
const all: readonly Process[] = [...services, 'operator'];

export type Section = {
  title: string;
  about: string;
  processes: readonly Process[];
  definitions: readonly MetricDefinition[];
  /** Has them only when its settings ask for it: why. */
  onlyIf?: string;
};

export function metricSections(): Section[] {
  return [...commonSections(), ...podSections(), ...serviceSections(), ...operatorSections()];
}

function commonSections(): Section[] {
  return [
    {
      title: 'Every service: requests',
      about:
        'Rate, errors and duration by route pattern; of user, event, search, booking and payment, as pods and standalone.',
      processes: services,
      definitions: [processDefinitions.requests],
    },
    {
      title: 'Every process: its build',
      about: 'The operator and the standalone platform among them.',
      processes: all,
      definitions: [processDefinitions.build],
    },
    {
      title: 'Every service: traces',
      about: 'Spans on their way to a collector, when one is set.',
      processes: services,
      definitions: Object.values(tracingDefinitions),
      onlyIf: 'a collector is set',
    },
    {
      title: 'Every service: its database',
      about: 'Pools of this process, and what the database says at the scrape.',
      processes: services,
      definitions: [...Object.values(databaseDefinitions), ...Object.values(readingDefinitions)],
    },
    {
      title: 'Every process: Node',
      about:
        "prom-client's default metrics: event loop lag, heap, garbage collection, processor, files. By their own names and buckets.",
      processes: all,
      definitions: defaultDefinitions(),
    },
  ];
}

/** The default metrics of a process as prom-client tells of them, without those that are taken out again. */
function defaultDefinitions(): MetricDefinition[] {
  const kept = new Set(
    createRegistry()
      .getMetricsAsArray()
      .map(({ name }) => name),
  );
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry
    .getMetricsAsArray()
    .filter(({ name }) => kept.has(name))
    .map((metric) => ({
      type: typeOf(metric.name),
      name: metric.name,
      help: metric.help,
      labels: Object.fromEntries(
        labelNamesOf(registry, metric.name).map((name) => [name, 'named by Node'] as const),
      ),
      buckets: [],
    }));
}

function typeOf(name: string): MetricDefinition['type'] {
  if (name.endsWith('_total')) return 'counter';
  return name === 'nodejs_gc_duration_seconds' ? 'histogram' : 'gauge';
}

function labelNamesOf(registry: Registry, name: string): string[] {
  const metric = registry.getSingleMetric(name);
  if (metric === undefined || !('labelNames' in metric) || !Array.isArray(metric.labelNames)) return [];
  return metric.labelNames.filter((label) => typeof label === 'string');
}

function podSections(): Section[] {
  return [
    {
      title: 'Every pod',
      about: 'Where it is in its life, and its way to Redis: bus, limits, shared answers.',
      processes: pods,
      definitions: [
        ...Object.values(podDefinitions),
        ...Object.values(streamDefinitions),
        ...Object.values(limiterDefinitions),
        ...Object.values(cacheDefinitions),
      ],
    },
    {
      title: 'Pods with a replica',
      about: 'Of booking and event when the setting of their replica is given.',
      processes: pods,
      definitions: Object.values(replicaDefinitions),
      onlyIf: 'a replica is set',
    },
  ];
}

function serviceSections(): Section[] {
  return [
    {
      title: 'Standalone',
      about: 'The composition itself.',
      processes: ['standalone'],
      definitions: Object.values(standaloneDefinitions),
    },
    {
      title: 'Booking: what a process did',
      about: 'Counted by each process for itself: add them over processes.',
      processes: ['booking', 'standalone'],
      definitions: [...Object.values(bookingCounters), ...Object.values(bookingHistograms), queueLength],
    },
    {
      title: 'Booking: what the database says',
      about:
        'Read at the scrape, within half a second, and the same in every process of booking: take `max by (event, state)`, never the sum. What could not be read in time has no series; `evently_db_figures_reads_total` says so.',
      processes: ['booking', 'standalone'],
      definitions: Object.values(bookingFigures),
    },
    {
      title: 'Payment',
      about: 'Attempts, refunds, the provider.',
      processes: ['payment', 'standalone'],
      definitions: Object.values(paymentDefinitions),
    },
    {
      title: 'Event',
      about: 'Administrators and open streams.',
      processes: ['event', 'standalone'],
      definitions: Object.values(eventDefinitions),
    },
    {
      title: 'Search',
      about: 'The index, how far it is behind, what was asked of it and what was repaired.',
      processes: ['search', 'standalone'],
      definitions: Object.values(searchDefinitions),
    },
    {
      title: 'User',
      about: 'Accounts.',
      processes: ['user', 'standalone'],
      definitions: Object.values(userDefinitions),
    },
  ];
}

function operatorSections(): Section[] {
  return [
    {
      title: 'Operator: sales and floors',
      about: 'Only the leader has series of sales and targets.',
      processes: ['operator'],
      definitions: Object.values(operatorDefinitions),
    },
    {
      title: 'Operator: its runtime',
      about: 'By the names of controller-runtime and client-go, so that dashboards made for them work.',
      processes: ['operator'],
      definitions: Object.values(runtimeDefinitions),
    },
  ];
}
