/** Writes changes into an index: reads what is known, decides, and writes only over exactly that. */
import { newestOf, type Newest } from '../../domain/newest.ts';
import { EngineAway, type Change } from '../port.ts';
import { bulkAnswer, knownAnswer, refusalAnswer } from './answers.ts';
import { adviseOnRights, type OpenSearchConnection } from './connection.ts';
import { nothingKnown, sourceOf, type State } from './index-source.ts';
import { nextState } from './next-state.ts';

/** Events of one round trip at most, so that no request holds more than some megabytes. */
const maxEventsPerBulk = 250;
/** Rounds for an event that others write at the same time; each round, at least one of them gets through. */
const maxRounds = 20;
const conflict = 409;
const refusals = 300;

/** The index was dropped meanwhile: the caller looks which there are. */
export class AliasGone extends Error {
  constructor(alias: string) {
    super(`nothing is behind the alias ${alias}`);
    this.name = 'AliasGone';
  }
}

export type WriteDeps = { connection: OpenSearchConnection; deadlineMs: number };

type Known = { state: State; at: { seqNo: number; primaryTerm: number } | null };
type Write = { eventId: string; state: State; at: Known['at'] };

/**
 * Applies `changes` to the one index that has `alias`. `isNew` says that the index is most likely empty of them, which spares
 * a round trip and is found out when it is wrong. Writes carry the sequence number that was read (or that nothing was
 * there), so of two writers of one event one is refused, reads again and decides anew.
 */
export async function writeChanges(
  deps: WriteDeps,
  alias: string,
  changes: readonly Change[],
  isNew: boolean,
): Promise<void> {
  const newest = newestOf(changes);
  const slices: Promise<void>[] = [];
  // Each event is in one slice only, so they may go side by side: OpenSearch writes each with one of its threads.
  for (let first = 0; first < newest.length; first += maxEventsPerBulk)
    slices.push(writeSlice(deps, alias, newest.slice(first, first + maxEventsPerBulk), isNew));
  await Promise.all(slices);
}

async function writeSlice(
  deps: WriteDeps,
  alias: string,
  slice: readonly Newest[],
  isNew: boolean,
): Promise<void> {
  let left = slice;
  for (let round = 0; round < maxRounds && left.length > 0; round += 1) {
    const known = isNew && round === 0 ? new Map<string, Known>() : await readKnown(deps, alias, left);
    const writes = left.flatMap((newest): Write[] => {
      const { state, at } = known.get(newest.eventId) ?? { state: nothingKnown, at: null };
      const next = nextState(state, newest);
      return next === null ? [] : [{ eventId: newest.eventId, state: next, at }];
    });
    const again = writes.length === 0 ? new Set<string>() : await bulk(deps, alias, writes);
    left = left.filter(({ eventId }) => again.has(eventId));
  }
  if (left.length > 0) throw new EngineAway(`OpenSearch refused ${left.length} writes ${maxRounds} times`);
}

async function readKnown(
  { connection, deadlineMs }: WriteDeps,
  alias: string,
  events: readonly Newest[],
): Promise<Map<string, Known>> {
  const { status, body } = await connection.call({
    method: 'POST',
    path: `/${alias}/_mget`,
    query: { _source_includes: 'version,document,stock' },
    body: { ids: events.map(({ eventId }) => eventId) },
    deadlineMs,
  });
  if (status >= refusals) throw refused(alias, status, body);
  const { docs } = knownAnswer.parse(body);
  return new Map(
    docs.flatMap((found): [string, Known][] => {
      if ('error' in found) throw unread(alias, found.error);
      if (!found.found) return [];
      const at = { seqNo: found._seq_no, primaryTerm: found._primary_term };
      return [[found._id, { state: found._source, at }]];
    }),
  );
}

/** Answers the events whose write met another writer. */
async function bulk(
  { connection, deadlineMs }: WriteDeps,
  alias: string,
  writes: readonly Write[],
): Promise<Set<string>> {
  const lines = writes.flatMap(({ eventId, state, at }) => [
    at === null
      ? { create: { _id: eventId } }
      : { index: { _id: eventId, if_seq_no: at.seqNo, if_primary_term: at.primaryTerm } },
    sourceOf(eventId, state),
  ]);
  const { status, body } = await connection.call({
    method: 'POST',
    path: `/${alias}/_bulk`,
    // Without it a lost index would come back by itself, with fields of OpenSearch's own guess.
    query: { require_alias: 'true' },
    lines,
    deadlineMs,
  });
  if (status >= refusals) throw refused(alias, status, body);
  const outcomes = bulkAnswer.parse(body).items.map((item) => ('index' in item ? item.index : item.create));
  for (const { status: itemStatus, error } of outcomes) {
    if (itemStatus < refusals || itemStatus === conflict) continue;
    throw refusedItem(alias, itemStatus, error?.type ?? '', error?.reason ?? '');
  }
  return new Set(outcomes.filter((outcome) => outcome.status === conflict).map((outcome) => outcome._id));
}

function refused(alias: string, status: number, body: unknown): Error {
  const parsed = refusalAnswer.safeParse(body);
  const error = parsed.success ? parsed.data.error : '';
  return typeof error === 'string'
    ? refusedItem(alias, status, '', error)
    : refusedItem(alias, status, error.type, error.reason ?? '');
}

/** A document that OpenSearch could not look up: its shard is on its way, or a right is missing. */
function unread(
  alias: string,
  { type, reason }: { type: string; reason?: string | null | undefined },
): Error {
  if (type === 'index_not_found_exception') return new AliasGone(alias);
  const says = reason ?? type;
  return new EngineAway(`OpenSearch does not read a document: ${adviseOnRights(says) ?? says}`);
}

const full = new Set([
  'es_rejected_execution_exception',
  'rejected_execution_exception',
  'cluster_block_exception',
]);

function refusedItem(alias: string, status: number, type: string, reason: string): Error {
  if (type === 'index_not_found_exception') return new AliasGone(alias);
  const advice = adviseOnRights(reason);
  if (advice !== null) return new EngineAway(`OpenSearch answers ${status} to a document: ${advice}`);
  // A full queue, a full disk, a shard on its way: the same change is taken later.
  if (status >= 500 || status === 429 || full.has(type))
    return new EngineAway(`OpenSearch answers ${status}: ${reason}`);
  return new Error(`OpenSearch refused a document (${status}, ${type}): ${reason}`);
}
