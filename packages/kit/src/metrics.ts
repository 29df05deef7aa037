/** Metrics of a process: one registry, served on a port of its own, and the RED metrics of every route. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import {
  addGauge,
  addHistogram,
  defineGauge,
  defineHistogram,
  latencyBuckets,
  type TraceIdOf,
} from './metrics-define.ts';
import { writeMetrics } from './metrics-exposition.ts';
import { serviceLabel } from './metrics-labels.ts';

export { latencyBuckets, type TraceIdOf };

export type RequestMetrics = {
  /** `traceId` of a trace that is recorded: the exemplar of its bucket. */
  observe: (
    service: string,
    method: string,
    route: string,
    status: number,
    seconds: number,
    traceId?: string,
  ) => void;
};

export const processDefinitions = {
  requests: defineHistogram({
    name: 'evently_http_request_duration_seconds',
    help: 'Time from the request reaching the handler to its answer, in seconds',
    labels: {
      service: serviceLabel,
      method: 'HTTP methods',
      route: "patterns of the service's routes, never paths; (none) for what no route answers",
      status: 'status codes that were answered',
    },
    buckets: latencyBuckets,
  }),
  build: defineGauge({
    name: 'evently_build_info',
    help: '1 for each service of this process, with its version and that of Node',
    labels: { service: serviceLabel, version: 'one for each build', node: 'one for each process' },
  }),
};

/**
 * Sums of other default metrics, named as counters and being none: `promtool check metrics` refuses them. What they
 * add up is there by type, without the ending.
 */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
}

/** Says which build of `services` this process is. */
export function addBuild(registry: Registry, services: readonly string[], version: string): void {
  const build = addGauge(registry, processDefinitions.build);
  for (const service of services) build.set({ service, version, node: process.version }, 1);
}

/** Rate, errors and duration by route pattern; never by raw path, so that the labels stay bounded. */
export function createRequestMetrics(registry: Registry): RequestMetrics {
  const duration = addHistogram(registry, processDefinitions.requests);
  return {
    observe: (service, method, route, status, seconds, traceId) =>
      duration.observe({ service, method, route, status: String(status) }, seconds, traceId),
  };
}

/** Handler of `GET /metrics`: OpenMetrics with exemplars for a scraper that asks for it, else Prometheus' text. */
export function metricsHandler(registry: Registry): (request: Request) => Promise<Response> {
  return async (request) => {
    if (new URL(request.url).pathname !== '/metrics')
      return new Response('Look at /metrics\n', { status: 404 });
    const { text, contentType } = await writeMetrics(registry, request.headers.get('accept') ?? '');
    return new Response(text, { headers: { 'content-type': contentType } });
  };
}
