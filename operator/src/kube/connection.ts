/** The way to one API server: client-node's credentials, and one pool of connections for as long as they are the same. */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';

/** Where the address and the credentials come from; plain values, so that a worker thread can be told. */
export type ConnectionSource =
  | { kind: 'in-cluster'; pathPrefix?: string | undefined }
  | { kind: 'file'; path: string; context?: string | undefined };

export type Outgoing = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  path: string;
  headers: Record<string, string>;
  body?: string | undefined;
  signal: AbortSignal;
  /** A watch: it keeps its connection, so it has a pool where it takes nobody else's. */
  longLived: boolean;
};

export type Connection = {
  server: string;
  /** The namespace of the kubeconfig's context or of the pod; null without one. */
  namespace: string | null;
  /** Sends once; the credentials are those of this moment. */
  send: (outgoing: Outgoing) => Promise<Dispatcher.ResponseData>;
  /** The next `send` reads the kubeconfig, tokens and certificates again from their files. */
  forgetCredentials: () => void;
  /** Pools made since the start: more than one only after a certificate or the address has changed. */
  poolsMade: () => number;
  close: () => Promise<void>;
};

const connectTimeoutMs = 5_000;
const keepIdleMs = 30_000;
const tcpKeepAliveMs = 30_000;
const maxCallConnections = 16;
const maxWatchConnections = 64;

type Pools = { key: string; calls: Dispatcher; watches: Dispatcher };
type Credentials = { headers: Record<string, string>; tls: TlsParts };
type TlsParts = Pick<RequestOptions, (typeof tlsNames)[number]>;
const tlsNames = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'servername', 'rejectUnauthorized'] as const;

/** An empty path means the pod's own service account. */
export function sourceOf(kubeconfigPath: string): ConnectionSource {
  return kubeconfigPath === '' ? { kind: 'in-cluster' } : { kind: 'file', path: kubeconfigPath };
}

/** Throws, with what to do, when there is no address or the file is not readable. Opens nothing yet. */
export function openConnection(source: ConnectionSource): Connection {
  let config = loadConfig(source);
  const cluster = clusterOf(config, source);
  let pools: Pools | null = null;
  let stale = false;
  let poolsMade = 0;
  const retired = new Map<Pools, Promise<void>>();

  function poolsFor(tls: TlsParts): Pools {
    const { server, proxyUrl } = clusterOf(config, source);
    const key = JSON.stringify([server, proxyUrl, ...tlsNames.map((part) => textOf(tls[part]))]);
    if (pools?.key === key) return pools;
    if (pools !== null) retire(pools);
    poolsMade += 1;
    pools = {
      key,
      calls: createDispatcher(tls, proxyUrl, maxCallConnections),
      watches: createDispatcher(tls, proxyUrl, maxWatchConnections),
    };
    return pools;
  }
  /** What runs on the old certificates may finish; nothing new starts there. */
  function retire(old: Pools): void {
    const closing = Promise.all([old.calls.close(), old.watches.close()]);
    retired.set(
      old,
      closing.then(() => {
        retired.delete(old);
      }),
    );
  }

  return {
    server: cluster.server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? null,
    send: async (outgoing) => {
      if (stale) config = loadConfig(source);
      stale = false;
      const { headers, tls } = await credentialsOf(config);
      const { calls, watches } = poolsFor(tls);
      const { server } = clusterOf(config, source);
      const base = new URL(server);
      return (outgoing.longLived ? watches : calls).request({
        origin: base.origin,
        path: `${base.pathname.replace(/\/$/, '')}${outgoing.path}`,
        method: outgoing.method,
        headers: { ...headers, ...outgoing.headers },
        body: outgoing.body ?? null,
        signal: outgoing.signal,
      });
    },
    forgetCredentials: () => {
      stale = true;
    },
    poolsMade: () => poolsMade,
    close: async () => {
      const open = [...retired.keys(), ...(pools === null ? [] : [pools])];
      pools = null;
      await Promise.all(open.flatMap(({ calls, watches }) => [calls.destroy(), watches.destroy()]));
      await Promise.all(retired.values());
    },
  };
}

/** Certificates come as bytes; anything else is short. */
function textOf(part: TlsParts[keyof TlsParts]): string {
  return Buffer.isBuffer(part) ? part.toString('latin1') : JSON.stringify(part ?? null);
}

function loadConfig(source: ConnectionSource): KubeConfig {
  const config = new KubeConfig();
  if (source.kind === 'in-cluster') {
    config.loadFromCluster(source.pathPrefix);
    return config;
  }
  config.loadFromFile(source.path);
  if (source.context !== undefined) config.setCurrentContext(source.context);
  return config;
}

function clusterOf(config: KubeConfig, source: ConnectionSource): { server: string; proxyUrl?: string } {
  const cluster = config.getCurrentCluster();
  if (source.kind === 'in-cluster' && cluster?.server.includes('//undefined') === true)
    throw new Error(
      'There is no API server: this process does not run in a pod (KUBERNETES_SERVICE_HOST is not set). Name a kubeconfig',
    );
  if (cluster === null)
    throw new Error(
      `The kubeconfig ${source.kind === 'file' ? source.path : ''} has no cluster for its context "${config.getCurrentContext()}"`,
    );
  if (cluster.proxyUrl?.startsWith('socks') === true)
    throw new Error('The kubeconfig names a SOCKS proxy, which is not supported: use an http(s) proxy-url');
  return cluster;
}

/** Reads the files that the configuration names, so a rotated token or certificate is used from the next call on. */
async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  if (typeof options.auth === 'string')
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  for (const [header, value] of Object.entries(options.headers ?? {}))
    headers[header.toLowerCase()] = String(value);
  return { headers, tls: Object.fromEntries(tlsNames.map((part) => [part, options[part]])) };
}

function createDispatcher(tls: TlsParts, proxyUrl: string | undefined, connections: number): Dispatcher {
  const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
  const connect = {
    ...given,
    timeout: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelay: tcpKeepAliveMs,
  };
  // Deadlines and idle limits are the callers' signals; HTTP/1.1, so that one broken connection is one broken watch.
  const options = {
    connections,
    allowH2: false,
    keepAliveTimeout: keepIdleMs,
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxyUrl === undefined) return new Agent({ ...options, connect });
  return new ProxyAgent({ ...options, uri: proxyUrl, requestTls: connect });
}
