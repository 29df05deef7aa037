/** The span of a request that a service answers, named by its route as OpenTelemetry's conventions have it. */
import type { Span } from '@opentelemetry/api';
import { beginSpan, isSampled, markFailed, remoteContext, within } from './tracing.ts';

export type RequestSpan = {
  traceId: string;
  /** Null when nobody records the request. */
  sampledTraceId: string | null;
  run: <T>(work: () => T) => T;
  /** @param route its pattern, never its path */
  end: (route: string, status: number) => void;
};

/** What is read of a request; Hono's has it. */
export type IncomingRequest = {
  method: string;
  path: string;
  header: (name: string) => string | undefined;
};

const knownMethods = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
]);
/** Probes ask every few seconds and tell nothing. */
const isProbe = (path: string): boolean => path === '/healthz' || path.startsWith('/health/');
/** Only other services ask here, and they name their trace when they have one, recorded or for log lines alone. */
const internalPaths = '/internal/';
const serverErrors = 500;

/**
 * Null when nothing is traced. A trace that the caller names goes on, recorded or not. Otherwise the request begins
 * one, unless it comes from another service: what that one does not record, this one does not either. A request that
 * begins a trace which nobody records is left alone, because it is most of them.
 */
export function beginRequest(service: string, requestId: string, req: IncomingRequest): RequestSpan | null {
  const { path } = req;
  if (isProbe(path)) return null;
  const parent = remoteContext(req.header('traceparent'), req.header('tracestate'));
  const isInternal = path.startsWith(internalPaths);
  if (parent === null && isInternal) return null;
  const method = knownMethods.has(req.method) ? req.method : '_OTHER';
  const span = beginSpan({ name: method, kind: 'server', parent });
  if (span === null || (parent === null && !span.isRecording())) return null;
  // A sampler that asks nobody would record this service's part alone.
  if (isInternal && span.isRecording() && !isSampled(parent?.traceFlags ?? 0)) return null;
  if (span.isRecording())
    span.setAttributes({
      'http.request.method': method,
      'url.path': path,
      'url.scheme': 'http',
      'evently.service': service,
      'evently.request.id': requestId,
    });
  return requestSpanOf(span, method);
}

function requestSpanOf(span: Span, method: string): RequestSpan {
  const { traceId } = span.spanContext();
  return {
    traceId,
    sampledTraceId: span.isRecording() ? traceId : null,
    run: (work) => within(span, work),
    end: (route, status) => {
      span.updateName(`${method} ${route}`);
      span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
      if (status >= serverErrors) markFailed(span, String(status));
      span.end();
    },
  };
}
