/** The booking service: every seat's state, reserving, the life of a booking, the waitlist. */
import { randomUUID } from 'node:crypto';
import { createApp, type AppOptions, type ServiceApp } from '@evently/kit/app';
import type { Handler } from '@evently/kit/bus';
import type { Caller } from '@evently/kit/caller';
import { monotonicMs } from '@evently/kit/clock';
import { deadLetterRoutes } from '@evently/kit/dead-letters';
import {
  addressKey,
  createRequestLimit,
  limitBy,
  principalOf,
  rateLimit,
  requireAdmin,
  requireApiKey,
  requirePrincipal,
  type RequestLimit,
} from '@evently/kit/guards';
import { createRelay, type Relay } from '@evently/kit/outbox';
import type { PlatformDeps } from '@evently/kit/platform';
import { readsOf } from '@evently/kit/replica';
import type { Service } from '@evently/kit/serve';
import { createAnnounceStock, type AnnounceStock } from './actions/announce-stock.ts';
import { createPayingQueue, type PayingQueue } from './actions/begin-paying.ts';
import { createBoards, type Boards } from './actions/boards.ts';
import type { CommittedChange, StockDeps } from './actions/change-stock.ts';
import type { ConfirmDeps } from './actions/confirm-booking.ts';
import type { EndDeps } from './actions/end-bookings.ts';
import { createEndQueue, type EndQueue } from './actions/end-own-bookings.ts';
import { createBookingLookUp } from './actions/look-up-bookings.ts';
import { createReserveQueue, type ReserveQueue } from './actions/reserve-seats.ts';
import { createSettler, type SettleDeps, type Settler } from './actions/settle-payments.ts';
import { createTicketCodes } from './actions/ticket-codes.ts';
import { createWarmer, type Warmer } from './actions/warm-up.ts';
import { createWatchers, type Watchers } from './actions/watch-bookings.ts';
import type { BookingConfig } from './config.ts';
import { bookingRoutes } from './http/bookings.ts';
import { inventoryRoutes } from './http/inventory.ts';
import { internalRoutes } from './http/internal.ts';
import { reservationRoutes } from './http/reservations.ts';
import { reserveDirectly } from './http/reserve-direct.ts';
import { saleRoutes } from './http/sales.ts';
import { streamRoutes } from './http/streams.ts';
import { ticketRoutes } from './http/tickets.ts';
import { waitlistRoutes } from './http/waitlist.ts';
import { createHandlers, subscribe } from './jobs/messages.ts';
import { createSelfWarming, type SelfWarming } from './jobs/self-warming.ts';
import { startSweeps } from './jobs/sweeps.ts';
import { addBookingFigures } from './jobs/figures.ts';
import { createBookingMetrics, type BookingMetrics } from './metrics.ts';

export type BookingDeps = PlatformDeps & { config: BookingConfig; paymentCaller: Caller };

// Of confirmations, cancellations and outcomes: what each batch of them holds at most.
const maxBatch = 256;

/** Builds the service; `start` begins sweeps and the relay, `stop` ends them and answers what waits. */
export function createBookingService(deps: BookingDeps): Service {
  const parts = createParts(deps);
  const { queue, payingQueue, endQueue, settler, watchers, relay, selfWarming } = parts;
  let sweeps: { stop: () => Promise<void> } | null = null;
  const handlers = createHandlers({ ...parts.settle, log: deps.log });
  subscribe(deps.bus, handlers);
  return {
    name: 'booking',
    ...createInterface(deps, parts, handlers),
    start: async () => {
      relay.start();
      sweeps = startSweeps({
        ...parts.end,
        ...parts.confirm,
        log: deps.log,
        sweepMs: deps.config.BOOKING_SWEEP_MS,
        giveUpSeconds: deps.config.BOOKING_PAYMENT_GIVE_UP_SECONDS,
        checkSeconds: deps.config.BOOKING_PAYMENT_CHECK_SECONDS,
      });
      const fields = { writer: parts.stock.writer, load_test: deps.platform.EVENTLY_LOAD_TEST };
      deps.log.info(fields, 'booking started');
      await selfWarming.start();
    },
    stop: async () => {
      await selfWarming.stop();
      await watchers.stop();
      await queue.drained();
      await payingQueue.drained();
      await endQueue.drained();
      await settler.drained();
      await sweeps?.stop();
      await relay.stop();
    },
  };
}

type Parts = {
  boards: Boards;
  watchers: Watchers;
  relay: Relay;
  queue: ReserveQueue;
  payingQueue: PayingQueue;
  endQueue: EndQueue;
  settler: Settler;
  stock: StockDeps;
  settle: SettleDeps;
  confirm: ConfirmDeps;
  end: EndDeps;
  warmer: Warmer;
  selfWarming: SelfWarming;
};

/** What lives as long as the service, and what its verbs are given. */
function createParts(deps: BookingDeps): Parts {
  const { config, db, log } = deps;
  const queueRef: { current: ReserveQueue | null } = { current: null };
  const metrics = createBookingMetrics({
    registry: deps.registry,
    nowMs: monotonicMs,
    waiting: () => queueRef.current?.waiting() ?? 0,
  });
  addBookingFigures({ registry: deps.registry, db, log, events: metrics.events });
  const boards = createBoards(db, deps.clock);
  const watchers = createWatchers({ db, log, maxStreams: config.BOOKING_MAX_STREAMS });
  const relay = createRelay({ db: deps.relayDb, bus: deps.bus, log, published: deps.published });
  const announce = createAnnounceStock(deps.feed, deps.clock);
  const stock: StockDeps = {
    db,
    clock: deps.clock,
    writer: randomUUID(),
    tickets: createTicketCodes(config.BOOKING_TICKET_SECRET),
    offers: { offerSeconds: config.BOOKING_OFFER_SECONDS },
    committed: (change) =>
      afterCommit(change, stock.writer, { boards, watchers, metrics, announce, wakeRelay: relay.wake }),
  };
  const reserve = reserveSettings(config);
  const queue = createReserveQueue({ ...stock, boards, metrics, reserve, announce });
  queueRef.current = queue;
  const settle = {
    ...stock,
    metrics,
    settle: { maxBatch, unknownCheckSeconds: config.BOOKING_PAYMENT_CHECK_SECONDS },
  };
  const settler = createSettler(settle);
  const limits = { ...queueLimits(config), maxBatch };
  const lookUp = createBookingLookUp(db, limits);
  const leaseSeconds = config.BOOKING_PAYMENT_LEASE_SECONDS;
  const payingQueue = createPayingQueue({ db, metrics, paying: { ...limits, leaseSeconds } });
  const end = { ...stock, metrics };
  const endQueue = createEndQueue({ ...end, lookUp, ending: limits });
  const confirm = { ...stock, metrics, paymentCaller: deps.paymentCaller, lookUp, payingQueue, settler };
  const { verifier } = deps;
  const connections = config.BOOKING_POOL_SIZE;
  const warmer = createWarmer({ ...stock, boards, verifier, log, connections, reserve });
  const selfWarming = createSelfWarming({ db, warmer, log, nowMs: monotonicMs });
  const queues = { queue, payingQueue, endQueue, settler };
  return { boards, watchers, relay, ...queues, stock, settle, confirm, end, warmer, selfWarming };
}

/** The application, and what stands in front of it for the hot path, with the same limit. */
function createInterface(
  deps: BookingDeps,
  parts: Parts,
  consumers: Readonly<Record<string, Handler>>,
): Required<Pick<Service, 'app' | 'direct'>> {
  const told = { service: 'booking', log: deps.log, metrics: deps.requestMetrics };
  const reserveLimit = createReserveLimit(deps);
  const { queue } = parts;
  return {
    app: createRoutes(deps, parts, consumers, { ...told, reserveLimit }),
    direct: { ...told, routes: [reserveDirectly({ queue, verifier: deps.verifier, limit: reserveLimit })] },
  };
}

type Shell = Pick<AppOptions, 'service' | 'log' | 'metrics'> & { reserveLimit: RequestLimit | null };

function createRoutes(
  deps: BookingDeps,
  parts: Parts,
  consumers: Readonly<Record<string, Handler>>,
  { reserveLimit, ...told }: Shell,
): ServiceApp {
  const { config, db } = deps;
  const { boards, watchers, queue, endQueue, stock, confirm, end, warmer, selfWarming } = parts;
  const guards = createGuards(deps, reserveLimit);
  const app = createApp({
    ...told,
    title: 'Evently booking',
    dependencies: { database: db.ready, warmth: () => Promise.resolve(selfWarming.readiness()) },
  });
  app.route('/', reservationRoutes({ ...confirm, queue, boards, guards }));
  app.route('/', streamRoutes({ db, watchers, guards }));
  app.route('/', bookingRoutes({ ...stock, endQueue, guards }));
  app.route('/', waitlistRoutes({ ...stock, maxWaiting: config.BOOKING_MAX_WAITING, guards }));
  app.route('/', ticketRoutes({ ...stock, guards }));
  app.route('/', inventoryRoutes({ ...stock, guards, reads: deps.reads ?? readsOf(db) }));
  app.route('/', internalRoutes({ ...end, guards }));
  app.route('/', saleRoutes({ ...stock, warmer, guards }));
  const acceptedApiKeys = deps.platform.EVENTLY_ACCEPTED_API_KEYS;
  app.route('/', deadLetterRoutes({ db, consumers, acceptedApiKeys }));
  return app;
}

function reserveSettings(config: BookingConfig) {
  return {
    holdSeconds: config.BOOKING_HOLD_SECONDS,
    maxBatch: config.BOOKING_MAX_BATCH,
    ...queueLimits(config),
    soldOutMemoryMs: config.BOOKING_SOLD_OUT_MEMORY_MS,
    maxWaiting: config.BOOKING_MAX_WAITING,
  };
}

/** How long each event's line of each verb may be. */
function queueLimits(config: BookingConfig) {
  return {
    minQueue: config.BOOKING_MIN_QUEUE,
    maxQueue: config.BOOKING_MAX_QUEUE,
    maxQueueSeconds: config.BOOKING_QUEUE_SECONDS,
  };
}

type Listeners = {
  boards: Boards;
  watchers: Watchers;
  metrics: BookingMetrics;
  announce: AnnounceStock;
  wakeRelay: () => void;
};

/** What a commit of this process changes in its memory. */
function afterCommit(change: CommittedChange, writer: string, listeners: Listeners): void {
  const { boards, watchers, metrics, announce } = listeners;
  const stock = [...change.stock.values()];
  if (change.reshaped) boards.forget(change.eventId);
  else boards.update(change.eventId, change.version, stock);
  announce(change.eventId, change.version, stock);
  const { eventId, causes, reserved, released } = change;
  const sold = change.moved
    .filter((booking) => booking.status === 'confirmed')
    .reduce((sum, booking) => sum + booking.quantity, 0);
  const conflict = change.previousWriter !== '' && change.previousWriter !== writer;
  metrics.changed({ eventId, causes, conflict, reserved, sold, released });
  watchers.changed(change.moved.map((booking) => booking.id));
  listeners.wakeRelay();
}

const windowSeconds = 60;

/** Under a load test every buyer asks as often as the test wants. */
function perUser({ platform }: BookingDeps, limit: number): number {
  return platform.EVENTLY_LOAD_TEST ? 0 : limit;
}

function createReserveLimit(deps: BookingDeps): RequestLimit | null {
  const limit = perUser(deps, deps.config.BOOKING_RESERVE_PER_MINUTE);
  return createRequestLimit({ name: 'reserve', limit, windowSeconds, limiters: deps.limiters });
}

function createGuards(deps: BookingDeps, reserveLimit: RequestLimit | null) {
  const { config, platform, verifier, limiters } = deps;
  return {
    buyer: requirePrincipal(verifier),
    scanner: requireAdmin(verifier, 'tickets:scan'),
    service: requireApiKey(platform.EVENTLY_ACCEPTED_API_KEYS),
    reserveLimit: limitBy(reserveLimit, (c) => principalOf(c).id),
    writeLimit: rateLimit({
      name: 'writes',
      limit: perUser(deps, config.BOOKING_WRITES_PER_MINUTE),
      windowSeconds,
      limiters,
      key: (c) => principalOf(c).id,
    }),
    readLimit: rateLimit({
      name: 'reads',
      limit: platform.EVENTLY_READS_PER_MINUTE,
      windowSeconds,
      limiters,
      key: addressKey(platform.EVENTLY_TRUSTED_HOPS, platform.EVENTLY_EXEMPT_LOOPBACK),
    }),
  };
}
