/** Refuses request bodies over a limit before anything parses them. */
import type { Context, MiddlewareHandler } from 'hono';
import type { ServiceEnv } from './app.ts';

/**
 * `refuse` answers for a body over `maxBytes`. A declared length is believed, because node's parser ends
 * the body there; a request from a socket that declares neither a length nor a transfer coding has no body
 * (RFC 9112, 6.3). Only a chunked body is read and counted here, and that of a Request made in this process,
 * which declares nothing. Hono's own middleware builds the whole Request with
 * its stream for every request, which took half of the time of a reservation, and cannot copy the Request
 * of its node server.
 */
export function limitBody(
  maxBytes: number,
  refuse: (c: Context<ServiceEnv>) => Response,
): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next();
    if (c.req.header('transfer-encoding') === undefined) {
      const declared = c.req.header('content-length');
      if (declared !== undefined) return Number(declared) > maxBytes ? refuse(c) : next();
      if (isFromSocket(c.env) || c.req.raw.body === null) return next();
    }
    const body = await readBounded(c.req.raw, maxBytes);
    if (body === null) return refuse(c);
    const headers = new Headers(c.req.raw.headers);
    headers.delete('transfer-encoding');
    c.req.raw = new Request(c.req.url, { method: c.req.method, headers, body });
    return next();
  };
}

function isFromSocket(env: unknown): boolean {
  return typeof env === 'object' && env !== null && 'incoming' in env;
}

/** The whole body, or null as soon as it is longer than `maxBytes`. */
async function readBounded(request: Request, maxBytes: number): Promise<Buffer<ArrayBuffer> | null> {
  const chunks: Uint8Array[] = [];
  const stream: AsyncIterable<Uint8Array> | null = request.body;
  let bytes = 0;
  for await (const chunk of stream ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
