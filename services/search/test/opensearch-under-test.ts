/** An OpenSearch for the tests of one file, and engines on it that leave nothing behind. */
import { randomBytes } from 'node:crypto';
import { openSearch } from '@evently/testkit/engines/opensearch';
import { startOpenSearchProcess, type OpenSearchProcess } from '@evently/testkit/engines/opensearch-process';
import { requireEngine } from '@evently/testkit/engines/engine';
import { createOpenSearchEngine } from '../src/engine/opensearch/opensearch.ts';
import type { SearchEngine } from '../src/engine/port.ts';

/** A query may wait for a machine that builds and tests beside it. */
const queryMs = 10_000;

/** Started once, at the first need of it. */
export function createOpenSearchForTests(): {
  start: (skip: (note: string) => never) => Promise<OpenSearchProcess>;
  open: () => Promise<{ engine: SearchEngine; close: () => Promise<void> }>;
  stop: () => Promise<void>;
} {
  let running: OpenSearchProcess | null = null;
  return {
    start: async (skip) => {
      running ??= await startOpenSearchProcess({ program: await requireEngine(openSearch, skip) });
      return running;
    },
    open: async () => {
      if (running === null) throw new Error('OpenSearch was not started');
      return openEngine(running.url);
    },
    stop: async () => {
      await running?.stop();
      running = null;
    },
  };
}

export function addressOf(url: string) {
  return { urls: [url], user: null, password: null, caFile: null };
}

async function openEngine(url: string): Promise<{ engine: SearchEngine; close: () => Promise<void> }> {
  const alias = `evently-events-${randomBytes(6).toString('hex')}`;
  const engine = createOpenSearchEngine({ address: addressOf(url), alias, queryMs });
  await engine.prepare();
  return {
    engine,
    close: async () => {
      await engine.close();
      const answer = await fetch(`${url}/${alias}-*`, {
        method: 'DELETE',
        signal: AbortSignal.timeout(queryMs),
      });
      await answer.body?.cancel();
    },
  };
}
