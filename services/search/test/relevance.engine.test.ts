import { createTestDatabase } from '@evently/testkit/postgres';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createPostgresEngine } from '../src/engine/postgres.ts';
import type { SearchEngine } from '../src/engine/port.ts';
import { searchMigrations } from '../src/migrations.ts';
import { createOpenSearchForTests } from './opensearch-under-test.ts';
import { measureRelevance, type Relevance } from './measure-relevance.ts';
import { relevanceTable, writeRelevance } from './relevance-table.ts';

/** The least that answers are worth, as a mean over all queries. */
const floor = 0.85;

const openSearch = createOpenSearchForTests();
const measured = new Map<SearchEngine['kind'], Relevance>();
beforeEach(async ({ skip }) => {
  await openSearch.start(skip);
});
afterAll(() => openSearch.stop());

async function openPostgres(): Promise<{ engine: SearchEngine; close: () => Promise<void> }> {
  const { db, drop } = await createTestDatabase([searchMigrations]);
  const engine = createPostgresEngine({ db });
  await engine.prepare();
  return { engine, close: drop };
}

/** Names what a person would look at: the worst queries, with the first answers and their grades. */
function complaints({ queries }: Relevance): string {
  return queries
    .filter(({ ndcg }) => ndcg < floor)
    .toSorted((one, other) => one.ndcg - other.ndcg)
    .map(
      ({ typed, ndcg, found }) =>
        `${ndcg.toFixed(3)} "${typed}": ${found.map(({ grade, name, slug }) => `${grade} ${name} (${slug})`).join('; ')}`,
    )
    .join('\n');
}

test.each([
  ['postgres', openPostgres],
  ['opensearch', openSearch.open],
] as const)('answers of %s are good: nDCG@10 is above the floor', async (kind, open) => {
  const { engine, close } = await open();
  try {
    const relevance = await measureRelevance(engine);
    measured.set(kind, relevance);
    expect(relevance.queries.length).toBeGreaterThanOrEqual(60);
    expect(relevance.events).toBeGreaterThanOrEqual(2_000);
    if (process.env['EVENTLY_SHOW_RELEVANCE'] !== undefined)
      process.stdout.write(`${kind} ${relevance.mean}\n${complaints(relevance)}\n`);
    expect(relevance.mean, complaints(relevance)).toBeGreaterThanOrEqual(floor);
  } finally {
    await close();
  }
});

test('both can be shown side by side, and are written into the page when that is asked for', async () => {
  const [postgres, opensearch] = [measured.get('postgres'), measured.get('opensearch')];
  if (postgres === undefined || opensearch === undefined) throw new Error('an engine was not measured');
  expect(relevanceTable({ postgres, opensearch })).toContain('| all ');
  if (process.env['EVENTLY_WRITE_RELEVANCE'] !== undefined) await writeRelevance({ postgres, opensearch });
});
