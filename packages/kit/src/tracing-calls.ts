/** The span of a call to another service, and the headers by which that service joins its trace. */
import { inSpan, isTracing, markFailed, outgoingHeaders } from './tracing.ts';

type Send<T> = (
  url: string,
  headers: Readonly<Record<string, string>>,
  answered: (status: number) => void,
) => Promise<T>;

const untraced = (): void => {};
const failedFrom = 400;

/** Sends `method url` by `send`, with what joins the other side to the trace that is active here. */
export function inCallSpan<T>(method: string, url: string, send: Send<T>): Promise<T> {
  if (!isTracing()) return send(url, outgoingHeaders(), untraced);
  const { origin, hostname, port, pathname } = new URL(url);
  const start = {
    name: `${method} ${templateOf(pathname)}`,
    kind: 'client' as const,
    attributes: {
      'http.request.method': method,
      'server.address': hostname,
      ...(port === '' ? {} : { 'server.port': Number(port) }),
      // Without the query: it may name a buyer.
      'url.full': `${origin}${pathname}`,
    },
  };
  return inSpan(start, async (span) => {
    const outcome: { status: number | null } = { status: null };
    const result = await send(url, outgoingHeaders(), (status) => {
      outcome.status = status;
    });
    if (span === null) return result;
    if (outcome.status !== null) span.setAttribute('http.response.status_code', outcome.status);
    if (outcome.status === null || outcome.status >= failedFrom) {
      markFailed(span, outcome.status === null ? 'no_answer' : String(outcome.status));
    }
    return result;
  });
}

const ids = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/gi;

/** A path with its ids as `{id}`, so that there are few names. */
function templateOf(path: string): string {
  return path.replaceAll(ids, '{id}');
}
