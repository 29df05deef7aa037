/** Compares an engine with what is known, bucket by bucket, and has it told again what it has wrong. */
import { pause } from '@evently/kit/clock';
import type { Database, Sql } from '@evently/kit/postgres';
import type { Bucket, Entry, SearchEngine } from '../engine/port.ts';
import type { RepairReason, SearchMetrics } from '../metrics.ts';
import { keepDocuments, listKnownEntries, sumKnownBuckets } from '../store/catalog.ts';
import { findPending, markPending } from '../store/pending.ts';

export type CompareIndexDeps = {
  db: Database;
  engine: SearchEngine;
  metrics: Pick<SearchMetrics, 'repaired'>;
  /** Changes may be on their way: what differs is looked at again after so long. */
  graceMs: number;
};

export type Difference = { eventId: string; version: number; reason: RepairReason };

/** Answers how many events the engine is told again. Rejects with `EngineAway` when it does not answer. */
export async function compareIndex(deps: CompareIndexDeps): Promise<number> {
  const buckets = await differingBuckets(deps);
  if (buckets.length === 0) return 0;
  const before = new Set((await differencesIn(deps, buckets)).map(({ eventId }) => eventId));
  if (before.size === 0) return 0;
  await pause(deps.graceMs);
  const lasting = (await differencesIn(deps, buckets)).filter(({ eventId }) => before.has(eventId));
  if (lasting.length === 0) return 0;
  await deps.db.transaction(async (client) => {
    await forgetExtra(client, lasting);
    const eventIds = lasting.map(({ eventId }) => eventId);
    await markPending(client, [deps.engine.kind], eventIds, true);
  });
  for (const { reason } of lasting) deps.metrics.repaired(reason, 1);
  return lasting.length;
}

/** What the engine has and nobody knows is removed by the version it has it with. */
async function forgetExtra(client: Sql, differences: readonly Difference[]): Promise<void> {
  const extra = differences.filter(({ reason }) => reason === 'index_extra');
  await keepDocuments(
    client,
    extra.map(({ eventId, version }) => ({ eventId, version, document: null, checksum: 0 })),
  );
}

async function differingBuckets({ db, engine }: CompareIndexDeps): Promise<number[]> {
  const [known, indexed] = await Promise.all([sumKnownBuckets(db), engine.buckets()]);
  const textOf = ({ documents, checksums, stockVersions }: Bucket): string =>
    [documents, checksums, stockVersions].join(' ');
  const texts = new Map(known.map((each) => [each.bucket, textOf(each)]));
  const other = new Map(indexed.map((each) => [each.bucket, textOf(each)]));
  return [...new Set([...texts.keys(), ...other.keys()])].filter(
    (bucket) => texts.get(bucket) !== other.get(bucket),
  );
}

/** What differs now and does not wait for the engine already. */
export async function differencesIn(
  { db, engine }: Pick<CompareIndexDeps, 'db' | 'engine'>,
  buckets: readonly number[],
): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const bucket of buckets) {
    const indexed = new Map((await engine.entries(bucket)).map((entry) => [entry.eventId, entry]));
    const known = await listKnownEntries(db, bucket);
    for (const entry of known) {
      const found = indexed.get(entry.eventId);
      indexed.delete(entry.eventId);
      const reason = reasonOf(entry, found);
      if (reason !== null) differences.push({ eventId: entry.eventId, version: entry.version, reason });
    }
    for (const { eventId, version } of indexed.values())
      differences.push({ eventId, version, reason: 'index_extra' });
  }
  const eventIds = differences.map(({ eventId }) => eventId);
  const pending = eventIds.length === 0 ? new Set<string>() : await findPending(db, engine.kind, eventIds);
  return differences.filter(({ eventId }) => !pending.has(eventId));
}

function reasonOf(known: Entry, found: Entry | undefined): RepairReason | null {
  if (found === undefined) return 'index_missing';
  const isSame =
    known.version === found.version &&
    known.checksum === found.checksum &&
    known.stockVersion === found.stockVersion &&
    known.available === found.available;
  return isSame ? null : 'index_differs';
}
