import { createServer } from 'node:http';
import { onTestFinished, expect, test } from 'vitest';
import { z } from 'zod';
import type { SearchQuery } from '../port.ts';
import { createOpenSearchEngine } from './opensearch.ts';

const portOf = z.object({ port: z.int() });
const query: SearchQuery = {
  text: { tokens: ['ragas', 'delhi'] },
  filters: { city: null, type: null, startsFrom: null, startsBefore: null, minPrice: null, maxPrice: null },
  near: null,
  sort: 'relevance',
  now: new Date(0),
  offset: 0,
  limit: 20,
  facets: false,
};

/** An OpenSearch that finds nothing, and where each question went. */
async function listen(): Promise<{ url: string; asked: URL[] }> {
  const asked: URL[] = [];
  const server = createServer((request, answer) => {
    asked.push(new URL(request.url ?? '', 'http://opensearch'));
    answer
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"hits":{"total":{"value":0},"hits":[]}}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${portOf.parse(server.address()).port}`, asked };
}

function engineAt(url: string): ReturnType<typeof createOpenSearchEngine> {
  const engine = createOpenSearchEngine({
    address: { urls: [url], user: null, password: null, caFile: null },
    alias: 'events',
    queryMs: 600,
  });
  onTestFinished(() => engine.close());
  return engine;
}

test('every question of a search ends a little before its deadline, and none is answered in part', async () => {
  const { url, asked } = await listen();
  expect((await engineAt(url).search(query)).total).toBe(0);
  // All words, the dictionary, any of the words.
  expect(asked).toHaveLength(3);
  for (const { pathname, searchParams } of asked) {
    expect(pathname).toBe('/events/_search');
    expect(searchParams.get('cancel_after_time_interval')).toBe('500ms');
    expect(searchParams.get('allow_partial_search_results')).toBe('false');
  }
});

test('words too short for an error are not looked up in the dictionary', async () => {
  const { url, asked } = await listen();
  await engineAt(url).search({ ...query, text: { tokens: ['of'] } });
  expect(asked).toHaveLength(1);
});

test('counts that were asked for and are missing are a fault, not an empty answer', async () => {
  const { url } = await listen();
  await expect(engineAt(url).search({ ...query, facets: true })).rejects.toThrow('without the counts');
});
