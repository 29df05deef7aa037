/** Switches traces on for a process when its settings name a collector, and off again with what waits sent. */
import type { Registry } from 'prom-client';
import { withDeadline } from './clock.ts';
import type { Logger } from './log.ts';
import { createTelling } from './telling.ts';
import { createTracingMetrics } from './tracing-metrics.ts';
import type { TracingConfig } from './tracing-settings.ts';
import { useTracer } from './tracing.ts';

export type TracingOptions = {
  config: TracingConfig;
  /** The part that this process is, such as `booking`; its name in traces unless the settings have another. */
  part: string;
  version: string;
  log: Logger;
  registry: Registry;
};
export type Tracing = {
  /** Sends what waits, for three seconds at most; never rejects. */
  stop: () => Promise<void>;
};

const flushMs = 3_000;
const off: Tracing = { stop: () => Promise.resolve() };

/** Does nothing, and loads nothing, unless OTEL_EXPORTER_OTLP_ENDPOINT is set. One at a time in a process. */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { config, log, registry } = options;
  if (config.OTEL_EXPORTER_OTLP_ENDPOINT === '') return off;
  const { openTraceExport } = await import('./tracing-export.ts');
  // Without the path or credentials that an address may have.
  const collector = new URL(config.OTEL_EXPORTER_OTLP_ENDPOINT).host;
  const telling = createTelling(log, {
    waits: 'the collector takes no traces',
    goesOn: 'the collector takes traces again',
  });
  const opened = openTraceExport({
    ...options,
    counts: {
      exported: (spans) => {
        metrics.count('exported', spans);
        telling.goesOn();
      },
      failed: (spans, reason) => {
        metrics.count('failed', spans);
        telling.waits(reason);
      },
      dropped: (spans) => metrics.count('dropped', spans),
    },
  });
  const metrics = createTracingMetrics(registry, opened.waiting);
  useTracer(opened.tracer);
  log.info({ collector, sampler: config.OTEL_TRACES_SAMPLER }, 'traces are exported');
  return {
    stop: async () => {
      useTracer(null);
      await withDeadline(opened.flush(), flushMs, 'the last transfer of traces').catch((error: unknown) =>
        log.warn({ err: String(error) }, 'the last spans were lost'),
      );
      opened.cut();
    },
  };
}
