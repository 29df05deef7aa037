/** A Prometheus of a test's own: a free port of loopback, its data in a temporary folder; asked through its HTTP API. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createProcessGroup, freePort } from './kube-processes.ts';
import { readAlerts, readSamples, readTargets, unwrap } from './prometheus-answers.ts';
import type { FiringAlert, Sample, ScrapeTarget } from './prometheus-answers.ts';

export type PrometheusOptions = {
  /** What `requireEngine(prometheus, …)` answered. */
  program: string;
  /** The configuration as text; paths in it are relative to the folder of the process. */
  configuration: string;
  /** Files that lie beside the configuration, by name. */
  files?: Readonly<Record<string, string>>;
};

export type PrometheusServer = {
  url: string;
  pid: number;
  /**
   * Evaluates an expression at an instant, in seconds since 1970; now unless told. Rejects with Prometheus' own
   * words when it is wrong. A scalar is a sample without labels, a range of values counts by its last.
   */
  query: (expression: string, atSeconds?: number) => Promise<readonly Sample[]>;
  /** What is scraped, with the outcome of the last time. */
  targets: () => Promise<readonly ScrapeTarget[]>;
  alerts: () => Promise<readonly FiringAlert[]>;
  /** Any other route of the API: what stands under `data`. */
  read: (route: string) => Promise<unknown>;
  log: () => Promise<string>;
  stop: () => Promise<void>;
};

const readyMs = 30_000;
const callMs = 15_000;
const attempts = 3;

/** Starts one and waits until it answers queries. It ends with `stop`, or with this process. */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch(options);
    } catch (error) {
      // A port that was free may be taken a moment later.
      const passes = error instanceof Error && /address already in use/.test(error.message);
      if (!passes || attempt === attempts) throw error;
    }
  }
}

async function launch({ program, configuration, files = {} }: PrometheusOptions): Promise<PrometheusServer> {
  const group = await createProcessGroup('prometheus');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const name = 'prometheus';
  try {
    for (const [file, text] of Object.entries({ ...files, 'prometheus.yml': configuration }))
      await writeFile(path.join(group.folder, file), text);
    await group.start(name, program, [
      `--config.file=${path.join(group.folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(group.folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ]);
    await group.waitUntil(name, () => isReady(url), readyMs);
  } catch (error) {
    await group.stop();
    throw error;
  }
  const read = (route: string): Promise<unknown> => ask(`${url}/api/v1/${route}`);
  return {
    url,
    pid: group.pids()[name] ?? 0,
    read,
    query: async (expression, atSeconds) => {
      const time = atSeconds === undefined ? '' : `&time=${atSeconds}`;
      return readSamples(await read(`query?query=${encodeURIComponent(expression)}${time}`));
    },
    targets: async () => readTargets(await read('targets?state=active')),
    alerts: async () => readAlerts(await read('alerts')),
    log: () => group.logOf(name),
    stop: group.stop,
  };
}

async function ask(address: string): Promise<unknown> {
  const answer = await fetch(address, { signal: AbortSignal.timeout(callMs) });
  return unwrap(await answer.text());
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(callMs) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false; // It does not listen yet.
  }
}
