/** Every port of the platform, opened before anything else starts, so that a taken one costs nothing. */
import { answerProblem } from '@evently/kit/answer-problem';
import { listen, type Listener, type Listening } from '@evently/kit/serve';
import { createUnderWay } from '@evently/kit/under-way';
import { starting } from './access.ts';
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

/** Listens everywhere or nowhere; the first port that cannot be had is thrown as `PortUnavailable`. */
export async function openPorts(host: string, wanted: PortNumbers, metrics: Listener): Promise<Ports> {
  const closed: Listener = (req, res) => answerProblem(req, res, starting);
  let answering: Partial<Record<string, Listener>> = {};
  const opened: (readonly [string, Listening])[] = [];
  const underWay = createUnderWay();
  let closing: Promise<unknown> | null = null;
  const close = async (): Promise<void> => {
    closing ??= Promise.all(opened.map(([, listening]) => listening.close()));
    await closing;
  };
  try {
    for (const name of ['gateway', ...services, 'metrics'] as const) {
      const listener: Listener =
        name === 'metrics' ? metrics : underWay.counted((req, res) => (answering[name] ?? closed)(req, res));
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
    quiet: underWay.quiet,
  };
}

function describe(name: ServiceName | 'gateway' | 'metrics'): string {
  if (name === 'gateway') return 'the gateway (STANDALONE_PORT)';
  if (name === 'metrics') return 'the metrics (METRICS_PORT)';
  return `the ${name} service (${name.toUpperCase()}_PORT)`;
}
