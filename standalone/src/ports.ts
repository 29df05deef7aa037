/** Every port of the platform, opened before anything else starts, so that a taken one costs nothing. */
import type { IncomingMessage } from 'node:http';
import type { Registry } from 'prom-client';
import { monotonicMs, pause } from '@evently/kit/clock';
import { metricsHandler } from '@evently/kit/metrics';
import { unavailable } from '@evently/kit/problems';
import { listen, listenerOfFetch, type Listener, type Listening } from '@evently/kit/serve';
import { answerProblem } from './gateway/gateway.ts';
import { services, type ServiceName } from './gateway/routes.ts';

export type PortNumbers = Record<ServiceName | 'gateway' | 'metrics', number>;
export type Ports = {
  numbers: PortNumbers;
  /** Lets requests in; until then every port answers 503 `starting`. */
  open: (gateway: Listener, listeners: Readonly<Record<ServiceName, Listener>>) => void;
  /**
   * Stops accepting, answers what was sent, and closes every port. Event streams hold their port open
   * until their service ends them, or for 20 s.
   */
  close: () => Promise<void>;
  /** After `close`: resolves when only event streams are left, or after 20 s. */
  quiet: () => Promise<void>;
};

const startingSeconds = 1;
const lateRequestsMs = 600;
const pollMs = 20;
const longestQuietMs = 20_000;
const starting = unavailable(
  'starting',
  'The platform is starting; come again in a second.',
  startingSeconds,
);

/** Listens everywhere or nowhere; the first port that cannot be had is thrown as `PortUnavailable`. */
export async function openPorts(host: string, wanted: PortNumbers, registry: Registry): Promise<Ports> {
  const closed: Listener = (req, res) => answerProblem(req, res, starting);
  let answering: Partial<Record<string, Listener>> = {};
  const opened: (readonly [string, Listening])[] = [];
  const active = new Set<IncomingMessage>();
  let closing: Promise<unknown> | null = null;
  const close = async (): Promise<void> => {
    closing ??= Promise.all(opened.map(([, listening]) => listening.close()));
    await closing;
  };
  const metrics = listenerOfFetch(metricsHandler(registry));
  try {
    for (const name of ['gateway', ...services, 'metrics'] as const) {
      const listener: Listener =
        name === 'metrics' ? metrics : counted(active, (req, res) => (answering[name] ?? closed)(req, res));
      opened.push([name, await listen(describe(name), host, wanted[name], listener)]);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const numbers = {
    ...wanted,
    ...Object.fromEntries(opened.map(([name, listening]) => [name, listening.port])),
  };
  return {
    numbers,
    open: (gateway, listeners) => {
      answering = { ...listeners, gateway };
    },
    close,
    quiet: async () => {
      // Requests may still arrive on connections that were open; see `listen`.
      await pause(lateRequestsMs);
      const deadline = monotonicMs() + longestQuietMs;
      while (active.size > 0 && monotonicMs() < deadline) await pause(pollMs);
    },
  };
}

/** Keeps the requests under way in `active`; event streams, which end only with their service, are left out. */
function counted(active: Set<IncomingMessage>, listener: Listener): Listener {
  return (req, res) => {
    const [path] = (req.url ?? '').split('?', 1);
    if (path?.endsWith('/stream') !== true) {
      active.add(req);
      res.once('close', () => active.delete(req));
    }
    listener(req, res);
  };
}

function describe(name: ServiceName | 'gateway' | 'metrics'): string {
  if (name === 'gateway') return 'the gateway (STANDALONE_PORT)';
  if (name === 'metrics') return 'the metrics (METRICS_PORT)';
  return `the ${name} service (${name.toUpperCase()}_PORT)`;
}
