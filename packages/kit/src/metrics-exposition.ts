/** Writes a registry in the form that the scraper asked for: OpenMetrics with exemplars, or Prometheus' text. */
import { Counter, Registry, type OpenMetricsContentType, type PrometheusContentType } from 'prom-client';

const openMetrics: OpenMetricsContentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const prometheusText: PrometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** @param accept the header of the request; empty when it has none */
export async function writeMetrics(
  registry: Registry,
  accept: string,
): Promise<{ text: string; contentType: string }> {
  if (!prefersOpenMetrics(accept)) {
    return { text: await registry.metrics(), contentType: prometheusText };
  }
  return { text: await openMetricsView(registry).metrics(), contentType: openMetrics };
}

/**
 * prom-client writes OpenMetrics by taking `_total` off the very names of the counters, for good: the next text
 * would lack it. So each scrape writes shadows of them, which read what the counters count and keep their own name.
 */
function openMetricsView(registry: Registry): Registry<OpenMetricsContentType> {
  const view = new Registry<OpenMetricsContentType>();
  view.setContentType(openMetrics);
  for (const metric of metricsOf(registry)) {
    if (!(metric instanceof Counter)) {
      view.registerMetric(metric);
      continue;
    }
    const shadow: unknown = Object.create(metric);
    if (!(shadow instanceof Counter)) throw new Error('a counter has no shadow');
    view.registerMetric(shadow);
  }
  return view;
}

function metricsOf(registry: Registry) {
  return registry
    .getMetricsAsArray()
    .map(({ name }) => registry.getSingleMetric(name))
    .filter((metric) => metric !== undefined);
}

type Accepted = { type: string; weight: number };

/** True when the header weighs OpenMetrics 1 above plain text (RFC 9110, section 12.5.1); Prometheus sends such a one. */
export function prefersOpenMetrics(accept: string): boolean {
  const accepted = accept.split(',').map(acceptedOf);
  const weigh = (types: readonly string[]): number =>
    Math.max(0, ...accepted.filter(({ type }) => types.includes(type)).map(({ weight }) => weight));
  const open = weigh(['application/openmetrics-text']);
  return open > 0 && open >= weigh(['text/plain', 'text/*']);
}

/** A version of OpenMetrics that is not written here counts for nothing. */
function acceptedOf(part: string): Accepted {
  const [type = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
  const values = new Map(
    parameters.map((each) => {
      const [name = '', value = ''] = each.split('=').map((side) => side.trim());
      return [name, value];
    }),
  );
  const weight = Number(values.get('q') ?? '1');
  const version = values.get('version') ?? '1.0.0';
  const isWritten = type !== 'application/openmetrics-text' || version === '1.0.0';
  return { type, weight: isWritten && Number.isFinite(weight) ? weight : 0 };
}
