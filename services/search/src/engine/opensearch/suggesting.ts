/** Suggestions: the question in parts, and the order of what they answer. Pure but for its one call. */
import { EngineAway, type SuggestQuery } from '../port.ts';
import { suggestAnswer } from './answers.ts';
import { adviseOnRights, type OpenSearchConnection } from './connection.ts';
import type { Clause } from './answered-search.ts';
import { tokensOf } from '../../domain/tokens.ts';

export type SuggestDeps = { connection: OpenSearchConnection; alias: string; deadlineMs: number };

/** Names that are read for one answer; several events may have one. */
const candidatesPerSuggestion = 4;
/** Where nothing else is asked yet; each name that is read costs as much as finding it. */
const candidatesAhead = 2;
const maxCandidates = 100;
/** Events that are looked at for one part of an answer: a single letter begins more than anybody would read. */
const maxLookedAt = 2_000;
/** So many characters of a beginning are indexed by themselves; longer ones are looked up among all beginnings. */
const indexedCharacters = 8;
const maxPrefix = 120;
const maxTokens = 100;
const notFound = 404;
const refusals = 300;

/**
 * Names, venues and cities in which the words stand together; those that begin with them first. Names of what is ahead are
 * asked for alone, because they mostly fill the answer, and stand before all else.
 */
export async function suggest(deps: SuggestDeps, query: SuggestQuery): Promise<readonly string[]> {
  const prefix = query.prefix.slice(0, maxPrefix);
  const [ahead = []] = await ask(deps, [aheadPart(prefix, query)]);
  const first = ordered([ahead], prefix).slice(0, query.limit);
  if (first.length === query.limit) return first;
  const [names = [], venues = [], cities = []] = await ask(deps, [
    namesPart(prefix, query),
    valuesPart('venue', prefix, query),
    valuesPart('city', prefix, query),
  ]);
  return ordered([[...ahead, ...names], venues, cities], prefix).slice(0, query.limit);
}

/** The texts of each part. */
async function ask(
  { connection, alias, deadlineMs }: SuggestDeps,
  parts: readonly object[],
): Promise<string[][]> {
  const header = { index: alias, allow_partial_search_results: false };
  const { status, body } = await connection.call({
    method: 'POST',
    path: '/_msearch',
    lines: parts.flatMap((part) => [
      header,
      { ...part, timeout: `${deadlineMs}ms`, terminate_after: maxLookedAt, track_total_hits: false },
    ]),
    deadlineMs,
  });
  if (status >= refusals) throw new Error(`OpenSearch refuses suggestions with ${status}`);
  return suggestAnswer.parse(body).responses.map((response) => {
    if (!('hits' in response)) throw refusal(response);
    if (response.timed_out) throw new EngineAway('OpenSearch was too slow for suggestions');
    return [
      ...response.hits.hits.flatMap((hit) => hit.fields.name),
      ...(response.aggregations?.values.buckets ?? []).map(({ key }) => key),
    ];
  });
}

function refusal({
  status,
  error,
}: {
  status: number;
  error: { type: string; reason?: string | null | undefined };
}): Error {
  const why = error.reason ?? error.type;
  const advice = adviseOnRights(why);
  const says = `OpenSearch answers ${status} to suggestions: ${advice ?? why}`;
  return advice !== null || status === notFound || status === 429 || status >= 500
    ? new EngineAway(says)
    : new Error(says);
}

/** Names that begin with the words. Nothing is scored or sorted, so OpenSearch stops when it has enough of them. */
function aheadPart(prefix: string, { now, limit }: SuggestQuery): object {
  return {
    query: {
      bool: {
        filter: [
          { term: { visible: true } },
          { range: { endsAt: { gt: now } } },
          ...begins('begin.whole', prefix),
        ],
      },
    },
    ...namesOf(limit * candidatesAhead),
  };
}

/** Names that have the words anywhere, what is ahead first. */
function namesPart(prefix: string, { now, limit }: SuggestQuery): object {
  return {
    query: {
      bool: {
        filter: [{ term: { visible: true } }, ...begins('begin.name', prefix)],
        should: [{ constant_score: { filter: { range: { endsAt: { gt: now } } } } }],
      },
    },
    ...namesOf(limit * candidatesPerSuggestion),
  };
}

/** A column instead of whole documents, which would be read and taken apart. */
function namesOf(candidates: number): object {
  return {
    size: Math.min(candidates, maxCandidates),
    _source: false,
    docvalue_fields: ['name'],
  };
}

/** Few venues and cities have many events each, so they are counted instead of listed. */
function valuesPart(kind: 'venue' | 'city', prefix: string, { limit }: SuggestQuery): object {
  const field = kind === 'venue' ? 'venueName' : 'venueCity';
  return {
    query: { bool: { filter: [{ term: { visible: true } }, ...begins(`begin.${kind}`, prefix)] } },
    aggs: { values: { terms: { field, size: limit } } },
    size: 0,
  };
}

function begins(field: string, prefix: string): Clause[] {
  const characters = [...prefix].length;
  return characters <= indexedCharacters
    ? [{ term: { [`${field}.first`]: { value: prefix } } }]
    : [{ prefix: { [field]: { value: prefix } } }];
}

/** Each once; what begins with the words before what has them later, then names, venues, cities, then the shorter. */
function ordered(kinds: readonly (readonly string[])[], prefix: string): string[] {
  const places = new Map<string, { later: number; kind: number }>();
  for (const [kind, texts] of kinds.entries())
    for (const text of texts) {
      const later = tokensOf(text, maxTokens).join(' ').startsWith(prefix) ? 0 : 1;
      if (!places.has(text)) places.set(text, { later, kind });
    }
  return [...places]
    .toSorted(
      ([one, at], [other, otherAt]) =>
        at.later - otherAt.later ||
        at.kind - otherAt.kind ||
        one.length - other.length ||
        (one < other ? -1 : 1),
    )
    .map(([text]) => text);
}
