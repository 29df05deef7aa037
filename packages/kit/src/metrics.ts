/** Metrics of a process: one registry, served on a port of its own, and the RED metrics of every route. */
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** Seconds; fit for answers between half a millisecond and ten seconds. */
export const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export type RequestMetrics = {
  observe: (service: string, method: string, route: string, status: number, seconds: number) => void;
};

export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Rate, errors and duration by route pattern; never by raw path, so that the labels stay bounded. */
export function createRequestMetrics(registry: Registry): RequestMetrics {
  const duration = new Histogram({
    name: 'evently_http_request_duration_seconds',
    help: 'Time from the request reaching the handler to its answer, in seconds',
    labelNames: ['service', 'method', 'route', 'status'],
    buckets: latencyBuckets,
    registers: [registry],
  });
  return {
    observe: (service, method, route, status, seconds) =>
      duration.observe({ service, method, route, status: String(status) }, seconds),
  };
}

/** Handler of `GET /metrics` in the Prometheus text format. */
export function metricsHandler(registry: Registry): (request: Request) => Promise<Response> {
  return async (request) => {
    if (new URL(request.url).pathname !== '/metrics')
      return new Response('Look at /metrics\n', { status: 404 });
    return new Response(await registry.metrics(), { headers: { 'content-type': registry.contentType } });
  };
}
