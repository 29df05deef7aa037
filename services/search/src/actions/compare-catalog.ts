/** Compares what is known here with the catalog itself, and takes over what differs. */
import { checksumOf, type ListedDocuments } from '@evently/contracts/search';
import type { Caller } from '@evently/kit/caller';
import { pause } from '@evently/kit/clock';
import type { Database } from '@evently/kit/postgres';
import type { RepairReason, SearchMetrics } from '../metrics.ts';
import {
  findRows,
  keepDocuments,
  keepStocks,
  listUnlisted,
  readClock,
  type CatalogRow,
} from '../store/catalog.ts';
import { markPending } from '../store/pending.ts';
import { firstId, maxPages, readCatalogPage } from './read-catalog.ts';

export type CompareCatalogDeps = {
  db: Database;
  events: Caller;
  engines: readonly string[];
  metrics: Pick<SearchMetrics, 'repaired'>;
  /** A message may be on its way: what differs is looked at again after so long, and only then repaired. */
  graceMs: number;
};

type Listed = ListedDocuments['events'][number];
type Differences = { wrong: Listed[]; gone: { eventId: string; version: number }[] };

/** Answers how many events were set right. Rejects with `CatalogAway` when the event service does not answer. */
export async function compareCatalog(deps: CompareCatalogDeps): Promise<number> {
  let repaired = 0;
  let afterId = firstId;
  for (let page = 0; page < maxPages; page += 1) {
    const { next, differs } = await comparePage(deps, afterId, false);
    if (differs.wrong.length + differs.gone.length > 0) {
      await pause(deps.graceMs);
      const again = await comparePage(deps, afterId, true);
      const suspects = new Set([...differs.wrong, ...differs.gone.map(idOf)].map(idText));
      repaired += await repair(deps, {
        wrong: again.differs.wrong.filter((listed) => suspects.has(listed.event_id)),
        gone: again.differs.gone.filter((gone) => suspects.has(gone.eventId)),
      });
    }
    if (next === null) return repaired;
    afterId = next;
  }
  throw new Error(`the catalog has more than ${maxPages} pages`);
}

export type CatalogDifference = { eventId: string; version: number; reason: RepairReason };

/**
 * What `compareCatalog` would repair, and changes nothing; what a message sets right meanwhile is none. Rejects with
 * `CatalogAway` when the event service does not answer.
 */
export async function findCatalogDifferences(deps: ComparePageDeps): Promise<CatalogDifference[]> {
  const suspects: { afterId: string; eventIds: Set<string> }[] = [];
  let afterId = firstId;
  for (let page = 0; page < maxPages; page += 1) {
    const { next, differs } = await comparePage(deps, afterId, false);
    const eventIds = new Set((await tellDifferences(deps, differs)).map(({ eventId }) => eventId));
    if (eventIds.size > 0) suspects.push({ afterId, eventIds });
    if (next === null) break;
    afterId = next;
  }
  if (suspects.length > 0) await pause(deps.graceMs);
  const lasting: CatalogDifference[] = [];
  for (const { afterId: from, eventIds } of suspects) {
    const { differs } = await comparePage(deps, from, false);
    const again = await tellDifferences(deps, differs);
    lasting.push(...again.filter(({ eventId }) => eventIds.has(eventId)));
  }
  return lasting;
}

/** One reason for each event. */
async function tellDifferences(
  { db }: ComparePageDeps,
  { wrong, gone }: Differences,
): Promise<CatalogDifference[]> {
  const known = new Map((await findRows(db, wrong.map(idText))).map((row) => [row.eventId, row]));
  return [
    ...wrong.flatMap((listed) => {
      const [reason] = reasonsOf(listed, known.get(listed.event_id));
      return reason === undefined ? [] : [{ eventId: listed.event_id, version: listed.version, reason }];
    }),
    ...gone.map((event) => ({ ...event, reason: 'catalog_gone' as const })),
  ];
}

type ComparePageDeps = Pick<CompareCatalogDeps, 'db' | 'events' | 'graceMs'>;

const idOf = (gone: { eventId: string }): { event_id: string } => ({ event_id: gone.eventId });
const idText = (each: { event_id: string }): string => each.event_id;

async function comparePage(
  deps: ComparePageDeps,
  afterId: string,
  withDocuments: boolean,
): Promise<{ next: string | null; differs: Differences }> {
  // Before the page is read: what became known after this may be newer than the page.
  const until = await readClock(deps.db);
  const { events, next } = await readCatalogPage(deps.events, afterId, withDocuments);
  const listed = events.map(idText);
  const known = new Map((await findRows(deps.db, listed)).map((row) => [row.eventId, row]));
  const gone = await listUnlisted(deps.db, { afterId, lastId: next, listed, until });
  const wrong = events.filter((each) => reasonsOf(each, known.get(each.event_id)).length > 0);
  return { next, differs: { wrong, gone } };
}

/** What is wrong with what is known; nothing when it is newer than the catalog's page. */
function reasonsOf(listed: Listed, known: CatalogRow | undefined): RepairReason[] {
  const reasons: RepairReason[] = [];
  if (
    known === undefined ||
    known.version < 0 ||
    (known.document === null && known.version <= listed.version)
  )
    reasons.push('catalog_missing');
  else if (
    known.version < listed.version ||
    (known.version === listed.version && known.checksum !== listed.checksum)
  )
    reasons.push('catalog_differs');
  if (stockDiffers(listed.stock, known?.stock ?? null)) reasons.push('stock_differs');
  return reasons;
}

function stockDiffers(listed: Listed['stock'], known: CatalogRow['stock']): boolean {
  if (listed === null) return false;
  if (known === null || known.version < listed.version) return true;
  return known.version === listed.version && known.available !== listed.available;
}

async function repair(deps: CompareCatalogDeps, { wrong, gone }: Differences): Promise<number> {
  const reasons = await findReasons(deps, wrong);
  await keepListed(deps, { wrong, gone });
  for (const reason of reasons) deps.metrics.repaired(reason, 1);
  deps.metrics.repaired('catalog_gone', gone.length);
  return reasons.length + gone.length;
}

type KeepDeps = Pick<CompareCatalogDeps, 'db' | 'engines'>;

async function keepListed(deps: KeepDeps, { wrong, gone }: Differences): Promise<void> {
  await deps.db.transaction(async (client) => {
    const documents = await keepDocuments(client, [
      ...wrong.flatMap(({ event_id: eventId, version, document }) =>
        document === null ? [] : [{ eventId, version, document, checksum: checksumOf(document) }],
      ),
      ...gone.map(({ eventId, version }) => ({ eventId, version, document: null, checksum: 0 })),
    ]);
    await markPending(client, deps.engines, documents, true);
    const stocks = await keepStocks(
      client,
      wrong.flatMap(({ event_id: eventId, stock }) => (stock === null ? [] : [{ eventId, ...stock }])),
    );
    await markPending(client, deps.engines, stocks, false);
  });
}

async function findReasons(deps: CompareCatalogDeps, wrong: readonly Listed[]): Promise<RepairReason[]> {
  const known = new Map((await findRows(deps.db, wrong.map(idText))).map((row) => [row.eventId, row]));
  return wrong.flatMap((listed) => reasonsOf(listed, known.get(listed.event_id)));
}

/**
 * Takes the whole catalog over, without waiting for messages, and says so to `engines`: those that are not built anew from
 * it. Answers how many events it has.
 */
export async function takeCatalog(deps: KeepDeps & Pick<CompareCatalogDeps, 'events'>): Promise<number> {
  let taken = 0;
  let afterId = firstId;
  for (let page = 0; page < maxPages; page += 1) {
    const until = await readClock(deps.db);
    const { events, next } = await readCatalogPage(deps.events, afterId, true);
    const listed = events.map(idText);
    const gone = await listUnlisted(deps.db, { afterId, lastId: next, listed, until });
    await keepListed(deps, { wrong: events, gone });
    taken += events.length;
    if (next === null) return taken;
    afterId = next;
  }
  throw new Error(`the catalog has more than ${maxPages} pages`);
}
