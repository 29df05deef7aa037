/** The event service: venues, events and their tiers, administrators, and what the public sees of it all. */
import { createIdentity } from '@evently/identity/identity';
import { keyRoutes } from '@evently/identity/key-routes';
import { createApp, type ServiceApp } from '@evently/kit/app';
import type { Handler } from '@evently/kit/bus';
import { createMemoryCaches } from '@evently/kit/cache';
import type { Caller } from '@evently/kit/caller';
import type { Ticker } from '@evently/kit/clock';
import { deadLetterRoutes } from '@evently/kit/dead-letters';
import { requireAdmin, requireApiKey } from '@evently/kit/guards';
import { createRelay } from '@evently/kit/outbox';
import type { PlatformDeps } from '@evently/kit/platform';
import { readsOf } from '@evently/kit/replica';
import type { Service } from '@evently/kit/serve';
import { createBookingPort } from './actions/ask-booking.ts';
import { createAvailabilityFeed, type Look } from './actions/availability-feed.ts';
import { createEditGate } from './actions/edit-gate.ts';
import { createEventPages, type EventPages } from './actions/event-pages.ts';
import { createStockBoard } from './actions/stock-board.ts';
import type { EventConfig } from './config.ts';
import { adminAuthRoutes } from './http/admin-auth.ts';
import { adminEventRoutes } from './http/admin-events.ts';
import { analyticsRoutes } from './http/analytics.ts';
import { presentAvailability } from './http/event-schemas.ts';
import { documentRoutes } from './http/documents.ts';
import { internalRoutes } from './http/internal.ts';
import { createLimits } from './http/limits.ts';
import { publicEventRoutes } from './http/public-events.ts';
import { streamRoutes } from './http/streams.ts';
import { venueRoutes } from './http/venues.ts';
import { eventTexts } from './jobs/event-texts.ts';
import { createHandlers, subscribe } from './jobs/messages.ts';
import { listenForStock } from './jobs/stock-news.ts';
import { startUpkeep } from './jobs/upkeep.ts';
import { createEventMetrics } from './metrics.ts';

/** `bookingCaller` reaches booking's internal routes; while it is away, edits stand and pages show what it last told. */
export type EventDeps = PlatformDeps & { config: EventConfig; bookingCaller: Caller };

// An edit keeps a connection while it asks booking; pages must not wait for that.
const connectionsForPages = 2;
const maxWaitingEdits = 200;
const editWaitMs = 3_000;

/** Wires the service. Nothing runs before `start`, which makes the first signing key when there is none. */
export function createEventService(deps: EventDeps): Service {
  const { db, log, config } = deps;
  const parts = createParts(deps);
  const handlers = createHandlers({ db, log });
  subscribe(deps.bus, handlers);
  const app = createRoutes(deps, parts, handlers);
  const { identity, relay, feed, edits } = parts;
  let upkeep: Ticker | null = null;
  return {
    name: 'event',
    app,
    start: async () => {
      await identity.start();
      relay.start();
      upkeep ??= startUpkeep({ ...edits, log }, config.EVENT_UPKEEP_SECONDS);
    },
    stop: async () => {
      await feed.stop();
      await upkeep?.stop();
      upkeep = null;
      await relay.stop();
      await identity.stop();
    },
  };
}

type Parts = ReturnType<typeof createParts>;

function createParts(deps: EventDeps) {
  const { platform, config, db, log, clock } = deps;
  const nowMs = (): number => clock.now().getTime();
  const identity = createIdentity({
    ...deps,
    issuer: platform.EVENTLY_ADMIN_ISSUER,
    audience: platform.EVENTLY_TOKEN_AUDIENCE,
  });
  const relay = createRelay({ db: deps.relayDb, bus: deps.bus, log, published: deps.published });
  const booking = createBookingPort(deps.bookingCaller, log);
  const board = createStockBoard({ db, booking, nowMs });
  const pages = createEventPages({
    db,
    reads: deps.reads ?? readsOf(db),
    caches: deps.caches ?? createMemoryCaches(nowMs),
    texts: eventTexts,
    board,
  });
  const news = deps.feed;
  const feed = createAvailabilityFeed({
    read: (eventId) => readAvailability(pages, eventId),
    ...(news === undefined
      ? {}
      : { listen: (eventId, look) => listenForStock({ feed: news, board, log }, eventId, look) }),
    nowMs,
    log,
    maxStreams: config.EVENT_MAX_STREAMS,
    pollMs: config.EVENT_AVAILABILITY_POLL_MS,
  });
  const gate = createEditGate({
    maxRunning: Math.max(1, config.EVENT_POOL_SIZE - connectionsForPages),
    maxWaiting: maxWaitingEdits,
    waitMs: editWaitMs,
  });
  const changed = async (eventIds: readonly string[]): Promise<void> => {
    for (const eventId of eventIds) board.forget(eventId);
    relay.wake();
    await pages.changed(eventIds);
  };
  return { identity, relay, booking, board, pages, feed, edits: { db, clock, booking, changed, gate } };
}

function createRoutes(
  deps: EventDeps,
  parts: Parts,
  handlers: Readonly<Record<string, Handler>>,
): ServiceApp {
  const { platform, config, db } = deps;
  const { identity, booking, board, pages, feed, edits } = parts;
  const limits = createLimits(platform, config, deps.limiters);
  const guards = createGuards(deps);
  const metrics = createEventMetrics(deps.registry, identity.passwords.pending, feed.streams);
  const acceptedApiKeys = platform.EVENTLY_ACCEPTED_API_KEYS;
  const bootstrapToken = config.EVENTLY_BOOTSTRAP_TOKEN;
  const app = createApp({
    service: 'event',
    title: 'Evently: events, venues and administrators',
    log: deps.log,
    metrics: deps.requestMetrics,
    dependencies: { database: db.ready },
  });
  app.route('/', adminAuthRoutes({ ...deps, identity, limits, metrics, bootstrapToken }));
  app.route('/', keyRoutes(identity.signingKeys));
  app.route('/', publicEventRoutes({ pages, limits }));
  app.route('/', streamRoutes({ pages, feed, limits }));
  app.route('/', venueRoutes({ ...edits, guards }));
  app.route(
    '/',
    adminEventRoutes({ ...edits, board, guards, defaultCurrency: config.EVENT_DEFAULT_CURRENCY }),
  );
  app.route('/', documentRoutes({ db, guards }));
  app.route('/', analyticsRoutes({ db, booking, guards }));
  app.route(
    '/',
    internalRoutes({ ...edits, board, pages, guards, log: deps.log, connections: config.EVENT_POOL_SIZE }),
  );
  app.route('/', deadLetterRoutes({ db, consumers: handlers, acceptedApiKeys }));
  return app;
}

/** The time of asking is sent along, but alone it is no change. */
async function readAvailability(pages: EventPages, eventId: string): Promise<Look | null> {
  const page = await pages.read(eventId);
  if (page === null) return null;
  const { last_updated, ...content } = presentAvailability(page);
  return { content: JSON.stringify(content), text: JSON.stringify({ ...content, last_updated }) };
}

function createGuards({ verifier, platform }: EventDeps) {
  return {
    readEvents: requireAdmin(verifier, 'events:read'),
    writeEvents: requireAdmin(verifier, 'events:write'),
    writeVenues: requireAdmin(verifier, 'venues:write'),
    service: requireApiKey(platform.EVENTLY_ACCEPTED_API_KEYS),
  };
}
