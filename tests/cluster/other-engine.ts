/** Search moves from its database to an OpenSearch by an upgrade of the release, while it is asked. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect } from 'vitest';
import { z } from 'zod';
import { startOpenSearchProcess } from '@evently/testkit/engines/opensearch-process';
import { ProgramFailed } from '@evently/testkit/engines/run-program';
import type { House } from './house.ts';
import { askSearch } from './look-in.ts';
import { urlValues } from './namespace.ts';
import { untilSettled } from './pods.ts';
import { upgrade, type Settings } from './release.ts';
import { describeTold, failuresIn, startSteadyLoad, type Round } from './steady-load.ts';
import { waitUntil } from './wait-until.ts';
import type { World } from './world.ts';

export type OpenSearchForPods = { url: string; stop: () => Promise<void> };

/** A process of this machine; it listens for this machine alone, so a relay stands at the address that pods reach. */
export async function openOpenSearch(program: string, address: string): Promise<OpenSearchForPods> {
  const engine = await startOpenSearchProcess({ program });
  const sockets = new Set<Socket>();
  const relay = createServer((from) => {
    const to = connect(engine.port, '127.0.0.1');
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  relay.listen(0, address);
  await once(relay, 'listening');
  const bound = relay.address();
  if (bound === null || typeof bound === 'string') throw new Error('the relay has no port');
  return {
    url: `http://${address}:${bound.port}`,
    stop: async () => {
      relay.close();
      for (const socket of sockets) socket.destroy();
      await engine.stop();
    },
  };
}

/** Another question each time, so that none is answered from what was kept. */
const asking: Round = {
  kind: 'search',
  perSecond: 10,
  next: (at) => ({ method: 'GET', path: `/api/search?q=hall&limit=${1 + (at % 100)}` }),
};
const movedMs = 120_000;
const askedMs = 20_000;

/**
 * Its database answers until OpenSearch has every event, and again when that is gone: no search fails. `settings` are those
 * that the release has besides.
 */
export async function moveToOpenSearch(
  { cluster, timings, chart, host, serviceUrl }: World,
  { wayIn, apiKey }: House,
  opensearch: OpenSearchForPods,
  settings: Settings,
): Promise<void> {
  const load = startSteadyLoad(wayIn.url, [asking]);
  await timings.step('helm upgrade that gives search an OpenSearch', async () => {
    await upgrade(cluster, chart, {
      ...urlValues(host),
      ...settings,
      'search.engine': 'opensearch',
      'search.opensearch.urls[0]': opensearch.url,
      'search.settings.SEARCH_FALLBACK': 'postgres',
    });
    await untilSettled(cluster, movedMs);
  });
  const service = await serviceUrl('search', 8_003);
  let checked = '';
  await timings.step('every event is in OpenSearch', () =>
    waitUntil(
      'every event is in OpenSearch',
      movedMs,
      async () => {
        // While the index is made, the command says what is missing and fails.
        checked = await askSearch(service, await apiKey(), 'search-check').catch((error: unknown) => {
          if (error instanceof ProgramFailed) return String(error);
          throw error;
        });
        return checked.includes('The index says what the catalog says.');
      },
      () => Promise.resolve(checked),
    ),
  );
  expect(checked).toMatch(/by opensearch\.$/m);
  await waitUntil('OpenSearch is asked', askedMs, async () => (await countQueries(opensearch.url)) > 0);
  await opensearch.stop();
  const asked = load.told().length;
  await waitUntil('more is asked', askedMs, () => Promise.resolve(load.told().length > asked + 30));
  const told = await load.stop();
  timings.note('searches while the engine was changed', String(told.length));
  expect(describeTold(failuresIn(told, [asking]), told[0]?.beganMs ?? 0)).toEqual([]);
}

const statsAnswer = z.object({
  _all: z.object({ total: z.object({ search: z.object({ query_total: z.int() }) }) }),
});

async function countQueries(url: string): Promise<number> {
  const answer = await fetch(`${url}/_stats/search`, { signal: AbortSignal.timeout(askedMs) });
  return statsAnswer.parse(await answer.json())._all.total.search.query_total;
}
