/** The user service: accounts of buyers, their sessions, and the tokens that every other service verifies. */
import { createIdentity } from '@evently/identity/identity';
import { keyRoutes } from '@evently/identity/key-routes';
import { createApp } from '@evently/kit/app';
import type { Caller } from '@evently/kit/caller';
import { createRelay } from '@evently/kit/outbox';
import type { PlatformDeps } from '@evently/kit/platform';
import type { Service } from '@evently/kit/serve';
import type { UserConfig } from './config.ts';
import { authRoutes } from './http/auth.ts';
import { internalRoutes } from './http/internal.ts';
import { createLimits } from './http/limits.ts';
import { loadTestRoutes } from './http/load-test.ts';
import { profileRoutes } from './http/profile.ts';
import { createUserMetrics } from './metrics.ts';

/** `bookingCaller` reaches the booking service's internal routes; its absence costs only the list of bookings. */
export type UserDeps = PlatformDeps & { config: UserConfig; bookingCaller: Caller };

/** Wires the service. Nothing runs before `start`, which makes the first signing key when there is none. */
export function createUserService(deps: UserDeps): Service {
  const { platform, config, db, log } = deps;
  const identity = createIdentity({
    ...deps,
    issuer: platform.EVENTLY_USER_ISSUER,
    audience: platform.EVENTLY_TOKEN_AUDIENCE,
  });
  const metrics = createUserMetrics(deps.registry, identity.passwords.pending);
  const limits = createLimits(platform, config, deps.limiters);
  const relay = createRelay({ db: deps.relayDb, bus: deps.bus, log, published: deps.published });
  const acceptedApiKeys = platform.EVENTLY_ACCEPTED_API_KEYS;

  const app = createApp({
    service: 'user',
    title: 'Evently: accounts and sessions',
    log,
    metrics: deps.requestMetrics,
    dependencies: { database: db.ready },
  });
  app.route('/', authRoutes({ ...deps, identity, limits, metrics }));
  app.route('/', profileRoutes({ ...deps, identity, limits, metrics }));
  app.route('/', internalRoutes({ ...deps, acceptedApiKeys }));
  app.route('/', keyRoutes(identity.signingKeys));
  if (platform.EVENTLY_LOAD_TEST) {
    app.route('/', loadTestRoutes({ signingKeys: identity.signingKeys, clock: deps.clock, acceptedApiKeys }));
  }

  return {
    name: 'user',
    app,
    start: async () => {
      await identity.start();
      relay.start();
    },
    stop: async () => {
      await relay.stop();
      await identity.stop();
    },
  };
}
