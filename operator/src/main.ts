/** The operator's pod: settings -> log -> API server -> ports -> operator; ends with the lease, or on a signal. */
import { hostname } from 'node:os';
import type { Registry } from 'prom-client';
import { systemClock } from '@evently/kit/clock';
import { ConfigError } from '@evently/kit/config';
import { createLogger, type Logger } from '@evently/kit/log';
import { addBuild, createRegistry, metricsHandler } from '@evently/kit/metrics';
import { closeOnSignal, createLifecycle, listen, listenerOfFetch, type Lifecycle } from '@evently/kit/serve';
import { platformVersion } from '@evently/kit/version';
import { reportingController } from './api/names.ts';
import { readOperatorConfig, type OperatorConfig } from './config.ts';
import { reasonOf } from './effects.ts';
import { openConnection, sourceOf } from './kube/connection.ts';
import { createKubeApi } from './kube/create-api.ts';
import {
  checkElector,
  checkEventLoop,
  checkReconciles,
  checkReflector,
  createHealthHandler,
} from './kube/health.ts';
import { createRuntimeMetrics } from './kube/metrics.ts';
import { createRecorder } from './kube/recorder.ts';
import { systemTime } from './kube/time.ts';
import { createOperatorMetrics, type OperatorMetrics } from './metrics.ts';
import { startOperator, type Operator } from './operator.ts';

/** Beyond its deadline and what it is given to return, a reconcile does not end any more. */
const maxReconcileMs = 60_000;
/** A watch that is given up after its idle time is opened again well within a second one. */
const silentIdleTimes = 2;

async function run(config: OperatorConfig): Promise<void> {
  const log = createLogger('operator', config.EVENTLY_LOG_LEVEL);
  const life = createLifecycle(log);
  const registry = createRegistry();
  addBuild(registry, ['operator'], platformVersion);
  const source = sourceOf(config.KUBECONFIG);
  const connection = openConnection(source);
  const runtime = createRuntimeMetrics(registry);
  const host = new URL(connection.server).host;
  const api = createKubeApi(connection, { onRequest: (one) => runtime.request(host, one) });
  life.opened('connection', api.close);
  const known: { operator: Operator | null } = { operator: null };
  const metrics = createOperatorMetrics({
    registry,
    clock: systemClock,
    informerAgesMs: () => known.operator?.caches.agesMs() ?? new Map(),
  });
  life.opened('metrics', () => Promise.resolve(metrics.stop()));
  const identity =
    config.OPERATOR_IDENTITY === '' ? `${hostname()}-${process.pid}` : config.OPERATOR_IDENTITY;
  const recorder = createRecorder({
    api,
    controller: reportingController,
    instance: identity,
    time: systemTime,
    clock: systemClock,
    log,
    count: runtime.event,
  });
  const operator = startOperator({ config, api, source, identity, recorder, metrics, runtime, log });
  known.operator = operator;
  // The ports close after the operator: a pod that shuts down is still watched.
  await openPorts(config, { life, registry, operator, metrics, log });
  life.opened('operator', operator.close);
  closeOnSignal(life, log);
  log.info(
    { server: connection.server, namespace: config.OPERATOR_NAMESPACE, identity },
    'the operator runs',
  );
  const lost = await operator.lost;
  // Whatever is under way is not to be finished: somebody else may lead already.
  log.fatal({ why: lost.message }, 'this replica ends because it does not lead any more');
  process.exit(1);
}

type Ported = {
  life: Lifecycle;
  registry: Registry;
  operator: Operator;
  metrics: OperatorMetrics;
  log: Logger;
};

async function openPorts(
  config: OperatorConfig,
  { life, registry, operator, metrics, log }: Ported,
): Promise<void> {
  const { OPERATOR_HOST: host, OPERATOR_METRICS_PORT, OPERATOR_HEALTH_PORT } = config;
  const { sales, autoscalers, pods } = operator.caches;
  const maxSilentMs = silentIdleTimes * config.OPERATOR_WATCH_IDLE_SECONDS * 1_000;
  const health = createHealthHandler({
    alive: {
      event_loop: checkEventLoop(metrics.takeLongestLagMs),
      reconciles: checkReconciles(operator.runningMs, maxReconcileMs),
      elector: () => {
        const elector = operator.elector();
        return elector === null ? null : checkElector(elector)();
      },
    },
    ready: {
      eventsales: checkReflector(sales, maxSilentMs),
      horizontalpodautoscalers: checkReflector(autoscalers, maxSilentMs),
      pods: checkReflector(pods, maxSilentMs),
    },
  });
  const metricsPort = await listen(
    'metrics',
    host,
    OPERATOR_METRICS_PORT,
    listenerOfFetch(metricsHandler(registry)),
  );
  life.opened('metrics port', metricsPort.close);
  const healthPort = await listen('health', host, OPERATOR_HEALTH_PORT, listenerOfFetch(health));
  life.opened('health port', healthPort.close);
  log.info({ metrics: metricsPort.port, health: healthPort.port }, 'the ports are open');
}

try {
  await run(readOperatorConfig(process.env));
} catch (error) {
  process.stderr.write(
    `${error instanceof ConfigError ? error.message : `The operator cannot run: ${reasonOf(error)}`}\n`,
  );
  process.exit(1);
}
