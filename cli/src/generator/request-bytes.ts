/** Requests as bytes, prepared before the clock starts, so that sending one is a single write. */

export type Target = { host: string; port: number; tls: boolean; prefix: string };

/** Takes a base URL apart; null when it is not an http or https address. */
export function parseTarget(baseUrl: string): Target | null {
  if (!URL.canParse(baseUrl)) return null;
  const url = new URL(baseUrl);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  const tls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port);
  return { host, port, tls, prefix: url.pathname.replace(/\/+$/, '') };
}

/** Whether the target is this machine by a loopback name or address. */
export function isLoopback(target: Target): boolean {
  return target.host === 'localhost' || target.host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(target.host);
}

export type PreparedRequest = {
  method: string;
  path: string;
  token?: string;
  body?: unknown;
};

/** The bytes of one request with a JSON body, for a keep-alive connection. */
export function requestBytes(target: Target, request: PreparedRequest): Buffer {
  const body = request.body === undefined ? '' : JSON.stringify(request.body);
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const lines = [
    `${request.method} ${target.prefix}${request.path} HTTP/1.1`,
    `host: ${host}:${target.port}`,
    'accept: application/json',
    ...(request.token === undefined ? [] : [`authorization: Bearer ${request.token}`]),
    ...(request.body === undefined
      ? []
      : ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
