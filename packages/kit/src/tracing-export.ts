/** Sends spans to a collector by OTLP over HTTP: bounded, counted, and never in anybody's way. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { hostname } from 'node:os';
import { context, TraceFlags, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager as AsyncContext } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { adviseOnTls, readAuthorities } from './tls.ts';
import type { TracingConfig } from './tracing-settings.ts';

/** Told what became of spans. */
export type SpanCounts = {
  exported: (spans: number) => void;
  /** The collector did not take them; `reason` is for a log line. */
  failed: (spans: number, reason: string) => void;
  /** The queue was full. */
  dropped: (spans: number) => void;
};

export type TraceExport = {
  tracer: Tracer;
  /** Spans that wait for the collector. */
  waiting: () => number;
  /** Sends what waits; takes as long as the collector does. */
  flush: () => Promise<void>;
  /** Gives up every connection to the collector, whatever is under way on it. */
  cut: () => void;
};

export type TraceExportOptions = {
  config: TracingConfig;
  /** The part that this process is: its name in traces is `evently-<part>` unless the settings name it. */
  part: string;
  version: string;
  counts: SpanCounts;
};

const exportBatch = 512;
/** Longer than the exporter's own deadline, which ends a transfer; this one is for an exporter that forgot it. */
const exportSlackMs = 1_000;
/** A batch of reservations links to each request that it serves; more than any batch holds. */
const maxLinks = 1_024;
const maxAttributeCharacters = 1_024;
const exportedCode: number = 0;

/** Makes spans and carries the active one through asynchronous code from now on. */
export function openTraceExport({ config, part, version, counts }: TraceExportOptions): TraceExport {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_TIMEOUT: timeoutMillis } = config;
  const agent = openAgent(config);
  const queue = createQueue(config.OTEL_BSP_MAX_QUEUE_SIZE, counts);
  const exporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    timeoutMillis,
    httpAgentOptions: () => agent,
  });
  const processor = new BatchSpanProcessor({
    exporter: queue.counting(exporter),
    maxQueueSize: config.OTEL_BSP_MAX_QUEUE_SIZE,
    maxExportBatchSize: exportBatch,
    scheduledDelayMillis: config.OTEL_BSP_SCHEDULE_DELAY,
    exportTimeoutMillis: timeoutMillis + exportSlackMs,
  });
  const provider = new TracerProvider({
    sampler: samplerOf(config),
    spanLimits: { linkCountLimit: maxLinks, attributeValueLengthLimit: maxAttributeCharacters },
    resource: resourceFromAttributes({
      'service.namespace': 'evently',
      'service.version': version,
      'service.instance.id': hostname(),
      ...config.OTEL_RESOURCE_ATTRIBUTES,
      'service.name': config.OTEL_SERVICE_NAME === '' ? `evently-${part}` : config.OTEL_SERVICE_NAME,
    }),
    spanProcessors: [queue.bounding(processor)],
  });
  context.disable();
  context.setGlobalContextManager(new AsyncContext().enable());
  return {
    tracer: provider.getTracer('evently', version),
    waiting: queue.waiting,
    flush: () => provider.shutdown(),
    cut: () => {
      context.disable();
      agent.destroy();
    },
  };
}

/**
 * The processor of the SDK drops what does not fit without telling anybody, so what waits is counted here, by the same
 * rule: a span that has ended waits until its batch goes to the exporter.
 */
function createQueue(
  max: number,
  counts: SpanCounts,
): {
  waiting: () => number;
  bounding: (processor: SpanProcessor) => SpanProcessor;
  counting: (exporter: SpanExporter) => SpanExporter;
} {
  let waiting = 0;
  return {
    waiting: () => waiting,
    bounding: (processor) => ({
      onStart: () => {},
      onEnd: (span) => {
        if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
        if (waiting >= max) return counts.dropped(1);
        waiting += 1;
        processor.onEnd(span);
      },
      forceFlush: () => processor.forceFlush(),
      shutdown: () => processor.shutdown(),
    }),
    counting: (exporter) => ({
      export: (spans, done) => {
        waiting -= spans.length;
        exporter.export(spans, (result) => {
          const code: number = result.code;
          if (code === exportedCode) counts.exported(spans.length);
          else counts.failed(spans.length, reasonOf(result.error));
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
      forceFlush: async () => exporter.forceFlush?.(),
    }),
  };
}

/** Throws `ConfigError` when the file of the authorities cannot be used. */
function openAgent(config: TracingConfig): HttpAgent {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_CERTIFICATE: file } = config;
  if (!endpoint.startsWith('https:')) return new HttpAgent({ keepAlive: true });
  return new HttpsAgent({
    keepAlive: true,
    ...(file === '' ? {} : { ca: readAuthorities(file, 'OTEL_EXPORTER_OTLP_CERTIFICATE') }),
  });
}

const peer = {
  caSetting: 'OTEL_EXPORTER_OTLP_CERTIFICATE',
  plainAdvice: 'let the endpoint begin with http://',
};

function reasonOf(error: Error | undefined): string {
  return adviseOnTls(error, peer) ?? error?.message ?? 'no reason was given';
}

function samplerOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: share }: TracingConfig): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(share);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) });
  }
}
