/** The operator as one thing to start and stop: caches and elector from the start, controllers while it leads. */
import { chance, pause, systemClock } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { createLifecycle, type Lifecycle } from '@evently/kit/serve';
import { createCaches, type RunningCaches } from './caches.ts';
import { leaseKeyOf, type OperatorConfig } from './config.ts';
import { createBookingClient } from './dataplane/booking.ts';
import { createWarmClient } from './dataplane/prewarm.ts';
import { createDrill } from './drill.ts';
import type { KubeApi } from './kube/api.ts';
import type { ConnectionSource } from './kube/connection.ts';
import { startElector, type Elector } from './kube/elector.ts';
import { isForbidden } from './kube/errors.ts';
import { LeaseLostError } from './kube/lease.ts';
import type { RuntimeMetrics } from './kube/metrics.ts';
import type { Recorder } from './kube/recorder.ts';
import { systemTime } from './kube/time.ts';
import { startLeading, type Leading } from './leading.ts';
import type { OperatorMetrics } from './metrics.ts';

export type OperatorDeps = {
  config: OperatorConfig;
  api: KubeApi;
  /** The elector opens a connection of its own. */
  source: ConnectionSource;
  identity: string;
  recorder: Recorder;
  metrics: OperatorMetrics;
  runtime: RuntimeMetrics;
  log: Logger;
};

export type Operator = {
  caches: RunningCaches;
  /** Null until the caches are filled. */
  elector: () => Elector | null;
  /** For how long each reconcile under way has run, in milliseconds; empty while it does not lead. */
  runningMs: () => readonly number[];
  /** Resolves with the reason when a lease that was held is lost: end the process. */
  lost: Promise<LeaseLostError>;
  /** Ends the controllers, hands the lease back, then ends the caches. Safe to call twice. */
  close: () => Promise<void>;
};

const drainMs = 10_000;
const recorderMs = 2_000;
const msPerSecond = 1_000;
const syncLookMs = 50;

/** Starts at once and goes on in the background; a standby has warm caches and runs no controller. */
export function startOperator(deps: OperatorDeps): Operator {
  const { config, api, log } = deps;
  const life = createLifecycle(log);
  const caches = createCaches({
    api,
    namespace: config.OPERATOR_NAMESPACE,
    idleLimitMs: config.OPERATOR_WATCH_IDLE_SECONDS * msPerSecond,
    log,
    hooks: deps.runtime.reflector,
  });
  const stopping = new AbortController();
  const lost = Promise.withResolvers<LeaseLostError>();
  let elector: Elector | null = null;
  let leading: Leading | null = null;
  life.opened('caches', caches.stop);
  caches.start();
  const running = run();
  return {
    caches,
    elector: () => elector,
    runningMs: () => leading?.runningMs() ?? [],
    lost: lost.promise,
    close: async () => {
      stopping.abort(new Error('the operator stops'));
      await running;
      await life.closeAll();
    },
  };

  async function run(): Promise<void> {
    // It competes only once it could lead: a new leader begins with what is true now.
    if (!(await untilMayLead(caches, stopping.signal))) return;
    log.info(
      {
        namespace: config.OPERATOR_NAMESPACE,
        sales: caches.sales.list().length,
        autoscalers: caches.autoscalers.isSynced(),
        pods: caches.pods.isSynced(),
      },
      'the first lists are in, or forbidden',
    );
    elector = startElector({
      source: deps.source,
      lease: leaseKeyOf(config),
      identity: deps.identity,
      timing: {
        leaseMs: config.OPERATOR_LEASE_SECONDS * msPerSecond,
        renewDeadlineMs: config.OPERATOR_RENEW_SECONDS * msPerSecond,
        retryMs: config.OPERATOR_RETRY_SECONDS * msPerSecond,
      },
      log,
    });
    const held = elector;
    deps.runtime.election(config.OPERATOR_LEASE_NAME, held.isHeld);
    life.opened('lease', held.release);
    void held.lost.then(lost.resolve);
    try {
      await held.untilHeld(stopping.signal);
    } catch (error) {
      if (error instanceof LeaseLostError || stopping.signal.aborted) return;
      throw error;
    }
    log.info({ identity: held.identity, lease_transitions: held.epochBase }, 'this replica leads');
    leading = lead(deps, caches, held, life);
  }
}

/**
 * Waits for the first lists; false when it was stopped before. Those that are forbidden are not waited for once the sales
 * are known: where a namespace is being deleted, its Role is gone, and its sales are still to be let go.
 */
async function untilMayLead(caches: RunningCaches, signal: AbortSignal): Promise<boolean> {
  const rest = [caches.autoscalers, caches.pods];
  while (!signal.aborted) {
    const isKnown = rest.every((cache) => cache.isSynced() || isForbidden(cache.trouble()));
    if (caches.sales.isSynced() && isKnown) return true;
    await pause(syncLookMs, signal);
  }
  return false;
}

function lead(deps: OperatorDeps, caches: RunningCaches, lease: Elector, life: Lifecycle): Leading {
  const { config } = deps;
  const peer = { apiKey: config.EVENTLY_API_KEY, fetch };
  life.opened('events', () => deps.recorder.close(recorderMs));
  const leading = startLeading({
    api: deps.api,
    caches,
    lease,
    booking: createBookingClient({ ...peer, baseUrl: config.BOOKING_URL }),
    warming: createWarmClient({
      ...peer,
      podUrl: config.OPERATOR_POD_URL,
      serviceUrls: {
        event: config.EVENT_URL,
        search: config.SEARCH_URL === '' ? null : config.SEARCH_URL,
      },
    }),
    recorder: deps.recorder,
    clock: systemClock,
    time: systemTime,
    chance,
    log: deps.log,
    metrics: deps.metrics,
    runtime: deps.runtime,
    saleWorkers: config.OPERATOR_SALE_WORKERS,
    warmCalls: config.OPERATOR_WARM_CALLS,
    deletionLimitMs: config.OPERATOR_DELETION_SECONDS * msPerSecond,
    atPoint: createDrill(config.OPERATOR_DRILL_KILL),
  });
  life.opened('controllers', () => leading.stop(drainMs));
  return leading;
}
