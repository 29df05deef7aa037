/** A search pod of the platform, started by its main.ts as a container starts it, and people who ask it. */
import { fileURLToPath } from 'node:url';
import { createProcessGroup, freePort } from '@evently/testkit/engines/kube-processes';
import { serviceUrl } from 'evently/runtime';
import type { Platform } from './platform.ts';

export type SearchPod = {
  url: string;
  /** People's questions so far: the engine was asked for some, the others got what was kept. */
  asked: () => Promise<{ engine: number; kept: number }>;
  /** What people ask who come for the event of this name; answers how many questions those are. */
  visit: (name: string) => Promise<number>;
  /** It stands still, connections and all, until `thaw`. */
  freeze: () => void;
  thaw: () => void;
  close: () => Promise<void>;
};

const main = fileURLToPath(new URL('../../services/search/src/main.ts', import.meta.url));
const readyMs = 60_000;
const callMs = 10_000;
/** Nobody listens there: messages are the platform's own search's, whose tables this pod shares. */
const noRedis = 'redis://127.0.0.1:1';

/** Answers are kept for as long as can be set: a machine that stands still for a moment makes none of them old. */
export async function startSearchPod({ runtime }: Platform): Promise<SearchPod> {
  const group = await createProcessGroup('search-pod');
  const [port, metrics] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  await group.start('search', process.execPath, [main], {
    PATH: process.env['PATH'],
    EVENTLY_API_KEY: runtime.api_key,
    EVENTLY_ACCEPTED_API_KEYS: runtime.api_key,
    EVENTLY_EXEMPT_LOOPBACK: '1',
    POD_HOST: '127.0.0.1',
    METRICS_PORT: String(metrics),
    POD_DRAIN_SECONDS: '0',
    REDIS_URL: noRedis,
    SEARCH_PORT: String(port),
    SEARCH_DATABASE_URL: runtime.databases.search,
    SEARCH_KEEP_MS: '10000',
    USER_URL: serviceUrl(runtime, 'user'),
    EVENT_URL: serviceUrl(runtime, 'event'),
  });
  await group.waitUntil('search', async () => (await ask(`${url}/health/ready`)) !== null, readyMs);
  return {
    url,
    asked: async () => countAsked((await ask(`http://127.0.0.1:${metrics}/metrics`)) ?? ''),
    visit: async (name) => {
      const paths = pathsOf(name);
      for (const path of paths)
        if ((await ask(`${url}/api/v1/search${path}`)) === null) throw new Error(`${path} is not answered`);
      return paths.length;
    },
    freeze: () => group.signal('search', 'SIGSTOP'),
    thaw: () => group.signal('search', 'SIGCONT'),
    close: group.stop,
  };
}

function pathsOf(name: string): string[] {
  const begun = Array.from({ length: 6 }, (_, index) => name.slice(0, index + 1).trimEnd());
  return [
    `?q=${encodeURIComponent(name)}`,
    '?city=bengaluru',
    '?city=Bengaluru&type=concert',
    '',
    '/filters',
    ...begun.map((typed) => `/suggestions?q=${encodeURIComponent(typed)}`),
  ];
}

function countAsked(metrics: string): { engine: number; kept: number } {
  const counts = { engine: 0, kept: 0 };
  for (const line of metrics.split('\n')) {
    if (!line.startsWith('evently_search_query_duration_seconds_count{')) continue;
    if (/kind="(warm|trending)"/.test(line)) continue;
    const value = Number(line.slice(line.lastIndexOf(' ') + 1));
    if (line.includes('outcome="kept"')) counts.kept += value;
    else counts.engine += value;
  }
  return counts;
}

async function ask(url: string): Promise<string | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(callMs) });
    const text = await answer.text();
    return answer.ok ? text : null;
  } catch {
    return null; // It does not listen yet, or stands still.
  }
}
