/** Serves one service as a pod: from the first probe to the last answer. */
import type { Registry } from 'prom-client';
import { createCaller, type Caller } from '@evently/kit/caller';
import { pause, systemClock, withDeadline } from '@evently/kit/clock';
import { listenerOfService } from '@evently/kit/direct';
import { createLogger, type Logger } from '@evently/kit/log';
import { createRegistry, createRequestMetrics, metricsHandler } from '@evently/kit/metrics';
import {
  closeOnSignal,
  createLifecycle,
  listen,
  listenerOfFetch,
  type Listening,
  type Service,
} from '@evently/kit/serve';
import { startTracing } from '@evently/kit/tracing-start';
import { createUnderWay, type UnderWay } from '@evently/kit/under-way';
import { platformVersion } from '@evently/kit/version';
import { migrationsOf, type PodConfig } from './config.ts';
import { createFront } from './front.ts';
import { createPodVerifier, startKeyLoading, type KeyLoading } from './keys.ts';
import { createPodMetrics } from './metrics.ts';
import { openParts, type PodParts } from './parts.ts';
import { issuers, type PodPlan } from './plan.ts';
import type { ServiceName } from './settings.ts';
import { assertKeysOpen, waitForSchema } from './start.ts';
import { createPodState, type PodState } from './state.ts';

/** How long another service may take to answer a call. */
const callMs = 5_000;
/** A pod serves after so long without keys of tokens, for what needs none; what needs them is answered 503. */
const longestKeysMs = 10_000;
/** How long a service may take to answer what waits in it, once its port is closed. */
const stopMs = 20_000;

type Running<C> = {
  plan: PodPlan<C>;
  config: PodConfig<C>;
  log: Logger;
  registry: Registry;
  state: PodState;
  parts: PodParts;
  service: Service;
  keys: KeyLoading;
};

/**
 * Resolves when the pod serves; a signal ends it and then the process. Its port is open from the beginning, so that
 * probes are answered. Throws `ConfigError`, `PortUnavailable` or `PodFailure`, each a sentence.
 */
export async function servePod<C>(plan: PodPlan<C>, config: PodConfig<C>): Promise<void> {
  const log = createLogger(plan.name, config.platform.EVENTLY_LOG_LEVEL);
  const life = createLifecycle(log);
  const registry = createRegistry();
  const state = createPodState();
  closeOnSignal(life, log);
  const { POD_HOST: host, METRICS_PORT } = config.pod;
  const metrics = await listen(
    'the metrics (METRICS_PORT)',
    host,
    METRICS_PORT,
    listenerOfFetch(metricsHandler(registry)),
  );
  life.opened('metrics port', metrics.close);
  const tracing = { config: config.platform, part: plan.name, version: platformVersion, log, registry };
  life.opened('traces', (await startTracing(tracing)).stop);
  const parts = openParts({ plan, config, log, registry, life });
  const { service, keys } = compose({ plan, config, log, registry, parts, life });
  createPodMetrics({ registry, service: plan.name, state, busIsUp: parts.bus.isUp });
  const underWay = createUnderWay();
  const front = createFront({
    service: plan.name,
    state,
    application: listenerOfService(service),
    origins: config.pod.CORS_ORIGINS,
  });
  const name = `the ${plan.name} service (${plan.name.toUpperCase()}_PORT)`;
  const port = await listen(name, host, plan.port(config.own), underWay.counted(front));
  log.info({ port: port.port, metrics_port: metrics.port }, 'the ports are open');
  const running: Running<C> = { plan, config, log, registry, state, parts, service, keys };
  const ending = new AbortController();
  life.opened('serving', () => endServing(running, { port, underWay, ending }));
  if (!(await startService(running, ending.signal))) return;
  state.serve();
  log.info('the pod serves');
}

type Composing<C> = Omit<Running<C>, 'state' | 'service' | 'keys'> & {
  life: ReturnType<typeof createLifecycle>;
};

function compose<C>({ plan, config, log, registry, parts, life }: Composing<C>): {
  service: Service;
  keys: KeyLoading;
} {
  const { platform } = config;
  const composed: { service: Service | null } = { service: null };
  const verifier = createPodVerifier({
    platform,
    log,
    own: plan.name,
    addressOf: config.addressOf,
    askOwn: (path) => {
      if (composed.service === null) throw new Error(`${plan.name} is not composed yet`);
      return composed.service.app.fetch(new Request(`http://${plan.name}${path}`));
    },
  });
  const callerOf = (name: ServiceName): Caller =>
    createCaller({
      baseUrl: config.addressOf(name),
      apiKey: platform.EVENTLY_API_KEY,
      // The caller gives up by itself; this ends the connection with it.
      fetch: (request) => fetch(request, { signal: AbortSignal.timeout(callMs) }),
      deadlineMs: callMs,
    });
  const service = plan.create({
    ...parts,
    platform,
    config: config.own,
    log,
    clock: systemClock,
    registry,
    requestMetrics: createRequestMetrics(registry),
    verifier,
    callerOf,
  });
  composed.service = service;
  const keys = startKeyLoading(verifier, log);
  life.opened('loading of keys', keys.stop);
  return { service, keys };
}

/** False when the pod was told to end meanwhile. */
async function startService<C>(running: Running<C>, ending: AbortSignal): Promise<boolean> {
  const { plan, config, log, state, parts, service, keys } = running;
  const isReady = await waitForSchema({
    db: parts.db,
    migrations: migrationsOf(plan),
    target: config.database,
    state,
    log,
    longestMs: config.pod.POD_START_SECONDS * 1_000,
    ending,
  });
  if (!isReady) return false;
  state.wait('its own parts');
  await service.start();
  if (issuers.some((issuer) => issuer === plan.name)) await assertKeysOpen(service);
  else {
    // A pod without keys would take requests that it cannot judge. Issuers wait for no other: they would for each other.
    state.wait("the issuers' keys");
    await Promise.race([keys.complete, pause(longestKeysMs, ending)]);
  }
  await parts.bus.start();
  return !ending.aborted;
}

type Serving = { port: Listening; underWay: UnderWay; ending: AbortController };

/**
 * Not ready first, and still answering, until nobody is sent here any more; each answer ends its connection, so that
 * clients that keep theirs come back elsewhere. Then the port closes and what was sent is answered; the service
 * ends its event streams, finishes what waits, and publishes no more.
 */
async function endServing<C>(running: Running<C>, { port, underWay, ending }: Serving): Promise<void> {
  const { state, config, log, parts, service } = running;
  const served = state.phase() === 'serving';
  state.drain();
  ending.abort();
  port.shed();
  if (served) await pause(config.pod.POD_DRAIN_SECONDS * 1_000);
  const closed = port.close();
  await Promise.race([closed, underWay.quiet()]);
  // The bus last: the relay of the service publishes until it stops.
  const stopped = service.stop().then(() => parts.bus.stop());
  await withDeadline(stopped, stopMs, 'the end of the service').catch((error: unknown) =>
    log.error({ err: String(error) }, 'the service did not end as it should; what was committed is safe'),
  );
  await closed;
}
