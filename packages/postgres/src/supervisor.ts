/** Keeps a cluster running: when its server ends unasked, it is started again on the same port. */
import { pause } from '@evently/kit/clock';
import { startCluster, type Cluster, type ClusterOptions } from './cluster.ts';

export type SupervisorEvent =
  | { kind: 'ended'; pid: number }
  | { kind: 'restarted'; pid: number; attempt: number }
  | { kind: 'restart-failed'; attempt: number; reason: string; nextInMs: number };

export type SupervisedCluster = {
  port: number;
  pgdata: string;
  url: (database: string) => string;
  /** The present server's process id. */
  pid: () => number;
  stop: () => Promise<void>;
};

const firstPauseMs = 100;
const longestPauseMs = 10_000;

/**
 * Starts the cluster and watches it. A server that was killed comes back by itself, at once and then after
 * 0.1, 0.2, 0.4 ... 10 s, for as long as `stop` was not called; meanwhile connections are refused at once.
 */
export async function superviseCluster(
  options: ClusterOptions,
  tell: (event: SupervisorEvent) => void,
): Promise<SupervisedCluster> {
  let cluster = await startCluster(options);
  const { port, pgdata, url } = cluster;
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  const watching = (async () => {
    while (!isStopping()) {
      await Promise.race([cluster.exited, aborted(stopping.signal)]);
      if (isStopping()) break;
      tell({ kind: 'ended', pid: cluster.pid });
      cluster = (await startAgain({ ...options, port }, stopping.signal, tell)) ?? cluster;
    }
  })();
  return {
    port,
    pgdata,
    url,
    pid: () => cluster.pid,
    stop: async () => {
      stopping.abort();
      await watching;
      await cluster.stop();
    },
  };
}

async function startAgain(
  options: ClusterOptions,
  stopping: AbortSignal,
  tell: (event: SupervisorEvent) => void,
): Promise<Cluster | null> {
  for (let attempt = 1; !stopping.aborted; attempt += 1) {
    try {
      const cluster = await startCluster(options);
      tell({ kind: 'restarted', pid: cluster.pid, attempt });
      return cluster;
    } catch (error) {
      const nextInMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt - 1, 10));
      tell({
        kind: 'restart-failed',
        attempt,
        reason: error instanceof Error ? error.message : String(error),
        nextInMs,
      });
      await pause(nextInMs, stopping);
    }
  }
  return null;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
