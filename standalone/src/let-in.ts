/** Joins the ports to what answers on them. */
import type { Registry } from 'prom-client';
import { listenerOfService } from '@evently/kit/direct';
import type { Logger } from '@evently/kit/log';
import { listenerOf, type Lifecycle, type Listener } from '@evently/kit/serve';
import type { Composed } from './compose-services.ts';
import type { StandaloneConfig } from './config.ts';
import { createConsole } from './console/console.ts';
import { reportFolder } from './console/report-folder.ts';
import type { Runtime } from './folder/runtime-file.ts';
import { createGateway } from './gateway/gateway.ts';
import { services as serviceNames } from './gateway/routes.ts';
import { createPages } from './pages/pages.ts';
import type { Ports } from './ports.ts';

export type LetInOptions = {
  ports: Ports;
  composed: Composed;
  config: StandaloneConfig;
  runtime: Runtime;
  log: Logger;
  /** Told of what ends before the services do. */
  life: Pick<Lifecycle, 'opened'>;
  registry: Registry;
  /** The data folder. */
  folder: string;
  closedFor: () => string | null;
};

/** From here on requests are answered: the gateway, its pages, and each service on its own port. */
export function letIn(options: LetInOptions): void {
  const { ports, composed, config, runtime, log, closedFor } = options;
  const shown = createConsole({
    registry: options.registry,
    verifier: composed.verifier,
    access: config.STANDALONE_CONSOLE,
    reportFolder: reportFolder(options.folder),
    log,
  });
  options.life.opened('console', shown.close);
  const pages = createPages({
    services: new Map(
      serviceNames.map((name) => [name, (request: Request) => composed.services[name].app.fetch(request)]),
    ),
    facts: () => ({
      metricsPort: ports.numbers.metrics,
      servicePorts: Object.fromEntries(serviceNames.map((name) => [name, ports.numbers[name]])),
      demonstration: config.STANDALONE_SEED,
      loadTest: runtime.load_test,
    }),
    console: shown.app,
    closedFor,
    log,
  });
  const pagesListener = listenerOf((request, env) => pages.fetch(request, env));
  const listenerFor = (name: (typeof serviceNames)[number]): Listener =>
    listenerOfService(composed.services[name]);
  const listeners = {
    user: listenerFor('user'),
    event: listenerFor('event'),
    search: listenerFor('search'),
    booking: listenerFor('booking'),
    payment: listenerFor('payment'),
  };
  const gateway = createGateway({ services: listeners, pages: pagesListener, origins: config.CORS_ORIGINS });
  ports.open(gateway, withProblemPages(listeners, pagesListener));
}

type Listeners = Parameters<Ports['open']>[1];

/** `type` of a problem is a path of the server that sent it, so the pages are on every port. */
function withProblemPages(listeners: Listeners, pages: Listener): Listeners {
  const onPort =
    (listener: Listener): Listener =>
    (req, res) =>
      req.url?.startsWith('/docs/problems/') === true || req.url?.startsWith('/assets/') === true
        ? pages(req, res)
        : listener(req, res);
  return {
    user: onPort(listeners.user),
    event: onPort(listeners.event),
    search: onPort(listeners.search),
    booking: onPort(listeners.booking),
    payment: onPort(listeners.payment),
  };
}
