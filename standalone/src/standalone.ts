/** The whole platform in one process, on an embedded PostgreSQL in a data folder. */
import path from 'node:path';
import { identityMigrations } from '@evently/identity/migrations';
import { bookingMigrations } from '@evently/booking/migrations';
import { eventMigrations } from '@evently/event/migrations';
import { createLogger, openLogFile, type Logger } from '@evently/kit/log';
import { createRegistry } from '@evently/kit/metrics';
import { createDatabaseMetrics } from '@evently/kit/metrics-database';
import { createLifecycle, type Lifecycle } from '@evently/kit/serve';
import { startTracing } from '@evently/kit/tracing-start';
import { platformVersion } from '@evently/kit/version';
import { paymentMigrations } from '@evently/payment/migrations';
import { superviseCluster, type SupervisedCluster, type SupervisorEvent } from '@evently/postgres/supervisor';
import { searchMigrations } from '@evently/search/migrations';
import { userMigrations } from '@evently/user/migrations';
import { composeServices, type Composed } from './compose-services.ts';
import { readStandaloneConfig, type Environment, type StandaloneConfig } from './config.ts';
import { openServiceDatabase, prepareDatabases, serverSettings, type DatabasePlan } from './databases.ts';
import { reasonOf, StandaloneFailure } from './failure.ts';
import { openDataFolder } from './folder/data-folder.ts';
import { lockFolder, type Holder, type Lock } from './folder/lock.ts';
import { rotateLog } from './folder/rotate-log.ts';
import { removeRuntime, writeRuntime, type Runtime } from './folder/runtime-file.ts';
import { keepSecrets } from './folder/secrets.ts';
import { services as serviceNames } from './gateway/routes.ts';
import { letIn } from './let-in.ts';
import { createMetricsPort } from './metrics-port.ts';
import { createStandaloneMetrics, type StandaloneMetrics } from './metrics.ts';
import { openPorts, type PortNumbers, type Ports } from './ports.ts';
import { readServiceConfigs, type ServiceConfigs } from './read-configs.ts';

export type StandaloneOptions = {
  env: Environment;
  /** Told when PostgreSQL ended or came back. */
  onDatabase?: (event: SupervisorEvent) => void;
};
export type Standalone = {
  folder: string;
  runtime: Runtime;
  config: StandaloneConfig;
  pgdata: string;
  composed: Composed;
  /**
   * Readiness off; ports stop accepting and answer what was sent; services, pools and PostgreSQL stop;
   * `runtime.json` goes. Safe to call twice.
   */
  close: () => Promise<void>;
};

/** Another platform has the data folder; nothing was changed. */
export class FolderInUse extends StandaloneFailure {
  readonly holder: Holder | null;
  constructor(folder: string, holder: Holder | null) {
    const who = holder === null || holder.pid === 0 ? 'another process' : `process ${holder.pid}`;
    const where =
      holder?.address === null || holder === null ? 'is still starting' : `answers at ${holder.address}`;
    super(`Evently runs already on ${folder}: ${who} ${where}. Nothing was changed; "make stop" ends it.`);
    this.name = 'FolderInUse';
    this.holder = holder;
  }
}

/**
 * Starts everything and resolves when requests are answered. Throws with nothing left running:
 * `ConfigError`, `FolderInUse`, `PortUnavailable`, `ClusterFailure` or `StandaloneFailure`, each a sentence
 * for the person who starts it.
 */
export async function createStandalone(options: StandaloneOptions): Promise<Standalone> {
  const config = readStandaloneConfig(options.env);
  const folder = await openDataFolder(config.EVENTLY_DATA_DIR);
  const locked = await lockFolder(folder);
  if (!locked.ok) throw new FolderInUse(folder, locked.holder);
  try {
    const configs = readServiceConfigs(options.env, config, await keepSecrets(folder));
    return await startLocked({ ...options, config, configs, folder, lock: locked.lock });
  } catch (error) {
    await locked.lock.release();
    throw error;
  }
}

type LockedOptions = StandaloneOptions & {
  config: StandaloneConfig;
  configs: ServiceConfigs;
  folder: string;
  lock: Lock;
};

async function startLocked(options: LockedOptions): Promise<Standalone> {
  const { config, configs, folder, lock } = options;
  const registry = createRegistry();
  const logPath = path.join(folder, 'evently.log');
  await rotateLog(logPath);
  const metricsPort = createMetricsPort(registry, config.STANDALONE_METRICS);
  const wanted = wantedPorts(config, configs);
  const ports = await openPorts(config.STANDALONE_HOST, wanted, metricsPort.listener);
  const logFile = openLogFile(logPath);
  const logOf = (service: string): Logger =>
    createLogger(service, configs.platform.EVENTLY_LOG_LEVEL, logFile.stream);
  const log = logOf('standalone');
  const life = createLifecycle(log);
  const state = { closedFor: 'starting' };
  life.opened('log', logFile.close);
  const close = once(async () => {
    state.closedFor = 'stopping';
    // First the ports. An event stream keeps its own open until its service stops.
    const closed = ports.close();
    await Promise.race([closed, ports.quiet()]);
    await life.closeAll();
    await closed;
    await lock.release();
  });
  try {
    const tracing = { config: configs.platform, part: 'standalone', version: platformVersion, log, registry };
    life.opened('traces', (await startTracing(tracing)).stop);
    const url = addressOf(config.STANDALONE_HOST, ports.numbers.gateway);
    const metrics = createStandaloneMetrics(registry, serviceNames);
    const told: { runtime: Runtime | null } = { runtime: null };
    const cluster = await startDatabase(options, {
      life,
      log,
      metrics,
      restarted: (pid) => tellRestart(folder, told.runtime, pid, log),
    });
    const { composed, databases } = await startServices({ configs, cluster, life, ports, registry, logOf });
    const runtime: Runtime = {
      pid: process.pid,
      gateway: { url },
      ports: ports.numbers,
      databases,
      postgres_pid: cluster.pid(),
      api_key: configs.platform.EVENTLY_API_KEY,
      bootstrap_token: configs.event.EVENTLY_BOOTSTRAP_TOKEN ?? '',
      load_test: configs.platform.EVENTLY_LOAD_TEST,
    };
    life.opened('runtime file', () => removeRuntime(folder));
    await writeRuntime(folder, runtime);
    told.runtime = runtime;
    const closedFor = (): string | null => (state.closedFor === '' ? null : state.closedFor);
    metricsPort.trust(composed.verifier);
    letIn({ ports, composed, config, runtime, log, life, registry, folder, closedFor });
    state.closedFor = '';
    lock.describe({ pid: process.pid, address: url });
    return { folder, runtime, config, pgdata: cluster.pgdata, composed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The file names the server that runs now; before it is first written there is nothing to correct. */
function tellRestart(folder: string, runtime: Runtime | null, pid: number, log: Logger): void {
  if (runtime === null) return;
  runtime.postgres_pid = pid;
  writeRuntime(folder, runtime).catch((error: unknown) =>
    log.warn({ err: reasonOf(error) }, 'runtime.json still names the old PostgreSQL'),
  );
}

const plansOf = (configs: ServiceConfigs): DatabasePlan[] => [
  {
    service: 'user',
    migrations: [identityMigrations, userMigrations],
    poolSize: configs.user.USER_POOL_SIZE,
  },
  {
    service: 'event',
    migrations: [identityMigrations, eventMigrations],
    poolSize: configs.event.EVENT_POOL_SIZE,
  },
  { service: 'search', migrations: [searchMigrations], poolSize: configs.search.SEARCH_POOL_SIZE },
  { service: 'booking', migrations: [bookingMigrations], poolSize: configs.booking.BOOKING_POOL_SIZE },
  { service: 'payment', migrations: [paymentMigrations], poolSize: configs.payment.PAYMENT_POOL_SIZE },
];

type DatabaseParts = {
  life: Lifecycle;
  log: Logger;
  metrics: StandaloneMetrics;
  restarted: (pid: number) => void;
};

async function startDatabase(options: LockedOptions, parts: DatabaseParts): Promise<SupervisedCluster> {
  const { life, log, metrics } = parts;
  const cluster = await superviseCluster(
    {
      directory: options.folder,
      port: options.config.STANDALONE_POSTGRES_PORT,
      settings: serverSettings(plansOf(options.configs)),
    },
    (event) => {
      log.warn({ ...event }, 'PostgreSQL');
      if (event.kind === 'ended') metrics.serverEnded();
      if (event.kind === 'restarted') parts.restarted(event.pid);
      options.onDatabase?.(event);
    },
  );
  life.opened('PostgreSQL', cluster.stop);
  await prepareDatabases(cluster.url, plansOf(options.configs), log);
  return cluster;
}

type ServiceParts = {
  configs: ServiceConfigs;
  cluster: SupervisedCluster;
  life: Lifecycle;
  ports: Ports;
  registry: ReturnType<typeof createRegistry>;
  logOf: (service: string) => Logger;
};

async function startServices(
  parts: ServiceParts,
): Promise<{ composed: Composed; databases: Runtime['databases'] }> {
  const { configs, cluster, life, ports, registry, logOf } = parts;
  const shown = createDatabaseMetrics(registry);
  const [user, event, search, booking, payment] = plansOf(configs).map((plan) => {
    const opened = openServiceDatabase(cluster.url, plan, logOf(plan.service), shown);
    life.opened(`pool of ${plan.service}`, opened.db.close);
    life.opened(`relay pool of ${plan.service}`, opened.relayDb.close);
    return opened;
  });
  if (!user || !event || !search || !booking || !payment) {
    throw new Error('every service has a plan for its database');
  }
  const composed = composeServices({
    configs,
    databases: { user, event, search, booking, payment },
    publishedBy: shown.published,
    registry,
    logOf,
  });
  // Between the pools and the services: the last answer of a port may need its pool.
  life.opened('ports', ports.close);
  for (const name of serviceNames) {
    const service = composed.services[name];
    life.opened(`service ${name}`, service.stop);
    await service.start();
  }
  await composed.loadKeys();
  return {
    composed,
    databases: {
      user: user.url,
      event: event.url,
      search: search.url,
      booking: booking.url,
      payment: payment.url,
    },
  };
}

function wantedPorts(config: StandaloneConfig, configs: ServiceConfigs): PortNumbers {
  return {
    gateway: config.STANDALONE_PORT,
    user: configs.user.USER_PORT,
    event: configs.event.EVENT_PORT,
    search: configs.search.SEARCH_PORT,
    booking: configs.booking.BOOKING_PORT,
    payment: configs.payment.PAYMENT_PORT,
    metrics: config.METRICS_PORT,
  };
}

// A platform that listens everywhere is reached on this machine at its loopback address.
function addressOf(host: string, port: number): string {
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => (running ??= work());
}
