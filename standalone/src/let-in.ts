/** Joins the ports to what answers on them. */
import { listenerOfService } from '@evently/kit/direct';
import type { Logger } from '@evently/kit/log';
import { listenerOfFetch, type Listener } from '@evently/kit/serve';
import type { Composed } from './compose-services.ts';
import type { StandaloneConfig } from './config.ts';
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
  closedFor: () => string | null;
};

/** From here on requests are answered: the gateway, its pages, and each service on its own port. */
export function letIn({ ports, composed, config, runtime, log, closedFor }: LetInOptions): void {
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
    closedFor,
    log,
  });
  const pagesListener = listenerOfFetch((request) => pages.fetch(request));
  const listenerFor = (name: (typeof serviceNames)[number]): Listener =>
    listenerOfService(composed.services[name]);
  const listeners = {
    user: listenerFor('user'),
    event: listenerFor('event'),
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
    booking: onPort(listeners.booking),
    payment: onPort(listeners.payment),
  };
}
