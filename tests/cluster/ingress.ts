/** Turns Ingress objects into a configuration of nginx: what an Ingress controller does, for a test machine without one. */
import { z } from 'zod';

const portSchema = z.object({ name: z.string().optional(), number: z.int().optional() });
const pathSchema = z.object({
  path: z.string().startsWith('/').default('/'),
  pathType: z.enum(['Exact', 'Prefix', 'ImplementationSpecific']),
  backend: z.object({ service: z.object({ name: z.string(), port: portSchema }) }),
});
const metadataSchema = z.object({ name: z.string(), namespace: z.string() });
export const ingressSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    tls: z.array(z.unknown()).optional(),
    defaultBackend: z.unknown().optional(),
    rules: z
      .array(
        z.object({ host: z.string().optional(), http: z.object({ paths: z.array(pathSchema) }).optional() }),
      )
      .default([]),
  }),
});
export const serviceSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    clusterIP: z.string().optional(),
    ports: z.array(z.object({ name: z.string().optional(), port: z.int() })).default([]),
  }),
});
export type Ingress = z.output<typeof ingressSchema>;
export type Service = z.output<typeof serviceSchema>;
type Path = z.output<typeof pathSchema>;

export type ProxyOptions = {
  /** Loopback only. */
  port: number;
  /** Of the program's own files. */
  folder: string;
  /** Connections to pods are kept for the next request, and a refused one is tried again, as controllers do. */
  isKind: boolean;
};

/** Tries to reach a pod before a request fails; each may meet another pod behind the Service's address. */
const attempts = 6;
const keptConnections = 64;
const longestStreamSeconds = 3_600;

type Location = { host: string; match: string; upstream: string };
type Upstream = { name: string; address: string };

/**
 * Throws one error that names every fault: a backend that does not exist, a port that its Service does not have, a
 * path that two rules claim, and what this configuration cannot express.
 */
export function nginxConfiguration(
  ingresses: readonly Ingress[],
  services: readonly Service[],
  options: ProxyOptions,
): string {
  const faults: string[] = [];
  const upstreams = new Map<string, Upstream>();
  const locations = new Map<string, Location>();
  if (ingresses.length === 0) faults.push('there is no Ingress');
  for (const ingress of ingresses) {
    const { name, namespace } = ingress.metadata;
    const fault = (text: string): void => void faults.push(`Ingress ${namespace}/${name}: ${text}`);
    if (ingress.spec.tls !== undefined) fault('its TLS is not served here');
    if (ingress.spec.defaultBackend !== undefined) fault('its default backend is not served here');
    for (const rule of ingress.spec.rules) {
      for (const path of rule.http?.paths ?? []) {
        const upstream = upstreamOf(path, namespace, services);
        if (typeof upstream === 'string') {
          fault(`${path.path}: ${upstream}`);
          continue;
        }
        upstreams.set(upstream.name, upstream);
        for (const match of matchesOf(path)) {
          const host = rule.host ?? '_';
          const key = `${host} ${match}`;
          if (locations.has(key)) fault(`${path.path} of ${host} is claimed twice`);
          locations.set(key, { host, match, upstream: upstream.name });
        }
      }
    }
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return render([...upstreams.values()], [...locations.values()], options);
}

/** The Service's own address, or what is wrong with the backend. */
function upstreamOf(path: Path, namespace: string, services: readonly Service[]): Upstream | string {
  const { name, port } = path.backend.service;
  const service = services.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  if (service === undefined) return `there is no Service ${name}`;
  const wanted = port.name ?? port.number;
  const found = service.spec.ports.find((one) => one.name === port.name || one.port === port.number);
  if (found === undefined || wanted === undefined) return `Service ${name} has no port ${wanted ?? ''}`;
  const { clusterIP = 'None' } = service.spec;
  if (clusterIP === 'None' || clusterIP === '') return `Service ${name} has no address of its own`;
  return { name: `${namespace}-${name}-${found.port}`, address: `${clusterIP}:${found.port}` };
}

/** As the API says: a prefix ends at a slash, so /api/user takes /api/user/x and not /api/users. */
function matchesOf({ path, pathType }: Path): string[] {
  if (pathType === 'Exact') return [`= ${path}`];
  const bare = path.replace(/\/+$/, '');
  return bare === '' ? ['/'] : [`= ${bare}`, `^~ ${bare}/`];
}

function render(
  upstreams: readonly Upstream[],
  locations: readonly Location[],
  options: ProxyOptions,
): string {
  // The one for every host stands first: nginx takes it for what no other one names.
  const named = new Set(locations.map(({ host }) => host).filter((host) => host !== '_'));
  const hosts = ['_', ...named];
  const servers = hosts.map((host, at) => {
    const own = locations.filter((location) => location.host === host);
    // Options of the port may be said once only.
    const listen = `127.0.0.1:${options.port}${at === 0 ? ' default_server backlog=4096' : ''}`;
    return serverOf(host, listen, own, options.isKind);
  });
  return `user root;
daemon off;
worker_processes 2;
worker_rlimit_nofile 16384;
pid ${options.folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${options.folder}/body;
  proxy_temp_path ${options.folder}/proxy;
  fastcgi_temp_path ${options.folder}/fastcgi;
  uwsgi_temp_path ${options.folder}/uwsgi;
  scgi_temp_path ${options.folder}/scgi;
  keepalive_requests 1000000;
${upstreams.map((upstream) => upstreamBlock(upstream, options)).join('\n')}
${servers.join('\n')}
}
`;
}

/**
 * The address stands there several times, because a program that sees one address only has nothing to turn to when a
 * pod refuses; kube-proxy may lead each of them to another pod.
 */
function upstreamBlock({ name, address }: Upstream, { isKind }: ProxyOptions): string {
  const server = `    server ${address} max_fails=0;`;
  const lines = isKind
    ? [...Array.from({ length: attempts }, () => server), `    keepalive ${keptConnections};`]
    : [server];
  return `  upstream ${name} {\n${lines.join('\n')}\n  }`;
}

function serverOf(host: string, listen: string, locations: readonly Location[], isKind: boolean): string {
  const blocks = locations.map(
    ({ match, upstream }) => `    location ${match} {
      proxy_pass http://${upstream};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_buffering off;
      proxy_connect_timeout 2s;
      proxy_read_timeout ${longestStreamSeconds}s;
      proxy_next_upstream ${isKind ? 'error timeout' : 'off'};
    }`,
  );
  const everything = locations.some(({ match }) => match === '/') ? [] : ['    location / { return 404; }'];
  return `  server {
    listen ${listen};
    server_name ${host};
${[...blocks, ...everything].join('\n')}
  }`;
}
