/** Builds the services and joins them inside one process: calls and messages never leave it. */
import type { Registry } from 'prom-client';
import { createBookingService } from '@evently/booking/service';
import { createEventService } from '@evently/event/service';
import { createKeySource, createTokenVerifier, type KeySource, type TokenVerifier } from '@evently/kit/auth';
import { createInProcessBus } from '@evently/kit/bus';
import { createCaller, type Caller } from '@evently/kit/caller';
import { systemClock } from '@evently/kit/clock';
import { createInProcessFeed } from '@evently/kit/feed';
import type { Logger } from '@evently/kit/log';
import { createRequestMetrics } from '@evently/kit/metrics';
import type { PlatformConfig, PlatformDeps } from '@evently/kit/platform';
import type { Service } from '@evently/kit/serve';
import { createPaymentService } from '@evently/payment/service';
import { createSearchService } from '@evently/search/service';
import { createUserService } from '@evently/user/service';
import type { ServiceDatabase } from './databases.ts';
import type { ServiceName } from './gateway/routes.ts';
import type { ServiceConfigs } from './read-configs.ts';

export type ComposeOptions = {
  configs: ServiceConfigs;
  databases: Readonly<Record<ServiceName, ServiceDatabase>>;
  /** Told what the relay of a service published. */
  publishedBy: (service: string) => (topic: string, messages: number) => void;
  registry: Registry;
  logOf: (service: string) => Logger;
};
export type Composed = {
  services: Readonly<Record<ServiceName, Service>>;
  /** Fetches the issuers' keys, so that the first requests find them. */
  loadKeys: () => Promise<void>;
  /** Judges access tokens of both issuers, for what the composition itself shows. */
  verifier: TokenVerifier;
};

// A call inside the process waits for the other service's database at most; see kit/postgres for those limits.
const callMs = 5_000;

export function composeServices(options: ComposeOptions): Composed {
  const { configs, databases, registry, logOf } = options;
  const platform = configs.platform;
  const composed = new Map<ServiceName, Service>();
  const send = (name: ServiceName, request: Request): Response | Promise<Response> => {
    const service = composed.get(name);
    if (service === undefined) throw new Error(`${name} is not composed yet`);
    return service.app.fetch(request);
  };
  const callerOf = (name: ServiceName): Caller =>
    createCaller({
      baseUrl: `http://${name}`,
      apiKey: platform.EVENTLY_API_KEY,
      fetch: (request) => send(name, request),
      deadlineMs: callMs,
    });
  const { userKeys, adminKeys, verifier } = createVerification(platform, logOf, send);
  const shared = {
    platform,
    bus: createInProcessBus(logOf('bus')),
    clock: systemClock,
    feed: createInProcessFeed(),
    registry,
    requestMetrics: createRequestMetrics(registry),
    verifier,
  };
  const depsOf = (name: ServiceName): PlatformDeps => ({
    ...shared,
    db: databases[name].db,
    relayDb: databases[name].relayDb,
    published: options.publishedBy(name),
    log: logOf(name),
  });
  const services = {
    user: createUserService({ ...depsOf('user'), config: configs.user, bookingCaller: callerOf('booking') }),
    event: createEventService({
      ...depsOf('event'),
      config: configs.event,
      bookingCaller: callerOf('booking'),
    }),
    search: createSearchService({
      ...depsOf('search'),
      config: configs.search,
      eventCaller: callerOf('event'),
    }),
    booking: createBookingService({
      ...depsOf('booking'),
      config: configs.booking,
      paymentCaller: callerOf('payment'),
    }),
    payment: createPaymentService({ ...depsOf('payment'), config: configs.payment }),
  };
  composed.set('user', services.user).set('event', services.event);
  composed.set('search', services.search);
  composed.set('booking', services.booking).set('payment', services.payment);
  return {
    services,
    verifier,
    loadKeys: async () => {
      await Promise.all([userKeys.refresh(), adminKeys.refresh()]);
    },
  };
}

type Send = (name: ServiceName, request: Request) => Response | Promise<Response>;

/** Both issuers' keys, fetched from the services themselves, and who believes tokens by them. */
function createVerification(platform: PlatformConfig, logOf: ComposeOptions['logOf'], send: Send) {
  const nowMs = (): number => systemClock.now().getTime();
  const keysOf = (name: ServiceName): KeySource =>
    createKeySource(
      async () => (await send(name, new Request(`http://${name}/.well-known/jwks.json`))).json(),
      nowMs,
      logOf(name),
    );
  const userKeys = keysOf('user');
  const adminKeys = keysOf('event');
  const audience = platform.EVENTLY_TOKEN_AUDIENCE;
  const verifier = createTokenVerifier(
    [
      { issuer: platform.EVENTLY_USER_ISSUER, audience, role: 'user', keys: userKeys },
      { issuer: platform.EVENTLY_ADMIN_ISSUER, audience, role: 'admin', keys: adminKeys },
    ],
    nowMs,
  );
  return { userKeys, adminKeys, verifier };
}
