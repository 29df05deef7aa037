/** The operator as a process of its own, with the credentials of its account. */
import { fileURLToPath } from 'node:url';
import { freePort, type ProcessGroup } from '@evently/testkit/engines/kube-processes';

export type OperatorProcess = {
  name: string;
  isRunning: () => boolean;
  signal: (signal: NodeJS.Signals) => void;
  /** Ends it and waits for that; SIGKILL is what a crash is. */
  end: (signal: NodeJS.Signals) => Promise<void>;
  /** Resolves when it has ended by itself, with the signal or the exit code. */
  ended: (deadlineMs: number) => Promise<NodeJS.Signals | number | null>;
  /** Resolves when it holds the lease. */
  untilLeads: () => Promise<void>;
  log: () => Promise<string>;
  isReady: () => Promise<boolean>;
  /** Where Prometheus reads its metrics. */
  metricsUrl: string;
  /** The sum of all series of a metric whose labels hold every one of `labels`. */
  metric: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>;
};

export type OperatorSettings = Readonly<Record<string, string>>;

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const pollMs = 50;
const callMs = 5_000;
const leadMs = 30_000;
let started = 0;

/** Starts it; `isReady` says when it has its caches. Short times of the lease unless the settings say otherwise. */
export async function startOperator(
  group: ProcessGroup,
  settings: OperatorSettings,
): Promise<OperatorProcess> {
  started += 1;
  const name = `operator-${started}`;
  const [health, metrics] = [await freePort(), await freePort()];
  await group.start(name, process.execPath, [main], {
    PATH: process.env['PATH'],
    EVENTLY_LOG_LEVEL: 'debug',
    OPERATOR_IDENTITY: name,
    OPERATOR_HOST: '127.0.0.1',
    OPERATOR_HEALTH_PORT: String(health),
    OPERATOR_METRICS_PORT: String(metrics),
    OPERATOR_LEASE_SECONDS: '4',
    OPERATOR_RENEW_SECONDS: '3',
    OPERATOR_RETRY_SECONDS: '1',
    ...settings,
  });
  const read = async (url: string): Promise<{ ok: boolean; text: string }> => {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(callMs) });
      return { ok: answer.ok, text: await answer.text() };
    } catch {
      return { ok: false, text: '' }; // It does not listen yet, or no longer.
    }
  };
  const metric: OperatorProcess['metric'] = async (metricName, labels = {}) => {
    const { text } = await read(`http://127.0.0.1:${metrics}/metrics`);
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${metricName}{`) || line.startsWith(`${metricName} `))
      .filter((line) => Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };
  const until = async (what: string, holds: () => Promise<boolean>, deadlineMs: number): Promise<void> => {
    const deadline = Date.now() + deadlineMs;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`${name} ${what}:\n${lastOf(await group.logOf(name))}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  };
  return {
    name,
    isRunning: () => group.isRunning(name),
    signal: (signal) => group.signal(name, signal),
    end: (signal) => group.end(name, signal),
    ended: async (deadlineMs) => {
      await until('runs on', () => Promise.resolve(!group.isRunning(name)), deadlineMs);
      return group.fateOf(name);
    },
    untilLeads: async () => {
      const leads = async (): Promise<boolean> => (await metric('leader_election_master_status')) === 1;
      await until('does not lead', async () => !group.isRunning(name) || (await leads()), leadMs);
      if (!group.isRunning(name))
        throw new Error(`${name} ended:
${lastOf(await group.logOf(name))}`);
    },
    log: () => group.logOf(name),
    isReady: async () => (await read(`http://127.0.0.1:${health}/readyz`)).ok,
    metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
    metric,
  };
}

function lastOf(log: string): string {
  return log.trim().split('\n').slice(-20).join('\n');
}
