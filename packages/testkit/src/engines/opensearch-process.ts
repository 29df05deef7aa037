/** An OpenSearch of a test's own: a free port, a folder that is removed; it can be killed, frozen, emptied and started again. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { createProcessGroup, freePort } from './kube-processes.ts';

export type OpenSearchProcess = {
  port: number;
  url: string;
  pid: () => number | null;
  /** SIGKILL. What it had written is there when it starts again. */
  kill: () => Promise<void>;
  /** Again on the same port, with what it had written; resolves when it answers. */
  start: () => Promise<void>;
  /** Removes everything it had written; it must not run. */
  loseData: () => Promise<void>;
  /** Stops the process without ending it: it accepts connections and answers nothing. */
  freeze: () => void;
  thaw: () => void;
  stop: () => Promise<void>;
};

export type OpenSearchProcessOptions = {
  /** What `requireEngine(openSearch, …)` answered. */
  program: string;
  /** As Java writes it: 1g. */
  heap?: string;
  /** Flags of Java in the place of those that make a test start soon. */
  javaFlags?: string;
  /** A plugin on its class path, and how it is spoken to then. */
  plugin?: OpenSearchPlugin;
};

export type OpenSearchPlugin = {
  className: string;
  urlOf: (port: number) => string;
  /** Writes into the folder that the node reads its settings from, before each start. */
  configure: (folder: string) => Promise<void>;
  isReady: (url: string) => Promise<boolean>;
};

const name = 'opensearch';
// Java reads some hundred archives and OpenSearch makes its first cluster state: two busy cores need 30 s, and 80 s with the
// security plugin beside twenty other programs.
const startMs = 240_000;
const askMs = 2_000;

/** Ends with the test's process, however that ends. */
export async function startOpenSearchProcess({
  program,
  heap = '1g',
  javaFlags,
  plugin,
}: OpenSearchProcessOptions): Promise<OpenSearchProcess> {
  const group = await createProcessGroup(name);
  const port = await freePort();
  const url = plugin?.urlOf(port) ?? `http://127.0.0.1:${port}`;
  const folder = path.join(group.folder, 'node');

  async function start(): Promise<void> {
    const config = path.join(folder, 'node_1/config');
    await mkdir(config, { recursive: true, mode: 0o700 });
    await plugin?.configure(config);
    const plugins = plugin === undefined ? [] : [plugin.className];
    await group.start(name, program, [folder, String(port), ...plugins], {
      ...process.env,
      OPENSEARCH_HEAP: heap,
      ...(javaFlags === undefined ? {} : { OPENSEARCH_JAVA_FLAGS: javaFlags }),
    });
    await group.waitUntil(name, () => (plugin?.isReady ?? isReady)(url), startMs);
  }
  try {
    await start();
  } catch (error) {
    await group.stop();
    throw error;
  }
  return {
    port,
    url,
    pid: () => group.pids()[name] ?? null,
    kill: () => group.end(name, 'SIGKILL'),
    start,
    loseData: () => rm(folder, { recursive: true, force: true }),
    freeze: () => group.signal(name, 'SIGSTOP'),
    thaw: () => group.signal(name, 'SIGCONT'),
    stop: async () => {
      // Nothing of a test's data is worth an orderly end, and a frozen process would not hear of it.
      await group.end(name, 'SIGKILL');
      await group.stop();
    },
  };
}

/** Whether the node answers and has made its cluster's state. */
async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
      signal: AbortSignal.timeout(askMs),
    });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
