/** What the reconciler asks: how many documents there are, sums of their checksums, and each of one bucket. */
import { EngineAway, bucketCount, type Bucket, type Entry } from '../port.ts';
import { bucketsAnswer, countAnswer, entriesAnswer } from './answers.ts';
import { isNameTaken, type IndexDeps } from './generations.ts';

const notFound = 404;
const refusals = 300;
const pageOfEntries = 1_000;
/** Some ten million events in all. */
const maxPages = 50;

/** Null when there is no index, or one that is not of this service. */
export async function countDocuments(deps: IndexDeps): Promise<number | null> {
  const body = await ask(deps, `/${deps.alias}/_count`, { query: { term: { visible: true } } });
  const count = body === null ? null : countAnswer.parse(body).count;
  return count === 0 && (await isNameTaken(deps)) ? null : count;
}

/** Every sum stays below 2^53, so that a double holds it exactly: 2^32 for each of two million documents of a bucket. */
export async function sumBuckets(deps: IndexDeps): Promise<Bucket[]> {
  await refresh(deps);
  const body = await ask(deps, `/${deps.alias}/_search`, {
    size: 0,
    track_total_hits: false,
    query: { term: { visible: true } },
    aggs: {
      buckets: {
        terms: { field: 'bucket', size: bucketCount, order: { _key: 'asc' } },
        aggs: {
          checksums: { sum: { field: 'checksum' } },
          stockVersions: { sum: { field: 'stockVersion' } },
        },
      },
    },
  });
  if (body === null) throw noIndex(deps);
  return bucketsAnswer.parse(body).aggregations.buckets.buckets.map((bucket) => ({
    bucket: bucket.key,
    documents: bucket.doc_count,
    checksums: bucket.checksums.value,
    stockVersions: bucket.stockVersions.value,
  }));
}

export async function listEntries(deps: IndexDeps, bucket: number): Promise<Entry[]> {
  await refresh(deps);
  const entries: Entry[] = [];
  for (let page = 0; page < maxPages; page += 1) {
    const last = entries.at(-1);
    const body = await ask(deps, `/${deps.alias}/_search`, {
      size: pageOfEntries,
      track_total_hits: false,
      query: { bool: { filter: [{ term: { visible: true } }, { term: { bucket } }] } },
      sort: [{ eventId: 'asc' }],
      ...(last === undefined ? {} : { search_after: [last.eventId] }),
      _source: ['version', 'checksum', 'stock'],
    });
    if (body === null) throw noIndex(deps);
    const { hits } = entriesAnswer.parse(body).hits;
    entries.push(
      ...hits.map(({ _id: eventId, _source: { version, checksum, stock } }) => ({
        eventId,
        version,
        checksum,
        stockVersion: stock?.version ?? null,
        available: stock?.available ?? null,
      })),
    );
    if (hits.length < pageOfEntries) return entries;
  }
  throw new Error(`bucket ${bucket} holds more than ${maxPages * pageOfEntries} documents`);
}

/** What was written a moment ago counts as well; otherwise it would be repaired. */
async function refresh(deps: IndexDeps): Promise<void> {
  const { status } = await deps.connection.call({
    method: 'POST',
    path: `/${deps.alias}/_refresh`,
    deadlineMs: deps.manageMs,
  });
  if (status === notFound) throw noIndex(deps);
}

/** What OpenSearch says of a sort by a field that an index does not have; each of ours has all of them. */
export const foreignFields = 'No mapping found for';

export function foreignIndex({ alias }: Pick<IndexDeps, 'alias'>): EngineAway {
  return new EngineAway(
    `the index ${alias} of OpenSearch is not of this service; a rebuild puts its own in the place`,
  );
}

function noIndex({ alias }: IndexDeps): EngineAway {
  return new EngineAway(`OpenSearch has no index behind ${alias}; it must be built again`);
}

async function ask(deps: IndexDeps, path: string, body: object): Promise<unknown> {
  const answer = await deps.connection.call({ method: 'POST', path, body, deadlineMs: deps.manageMs });
  if (answer.status === notFound) return null;
  if (answer.status < refusals) return answer.body;
  const says = JSON.stringify(answer.body).slice(0, 500);
  if (says.includes(foreignFields)) throw foreignIndex(deps);
  throw new Error(`OpenSearch refuses ${path} with ${answer.status}: ${says}`);
}
