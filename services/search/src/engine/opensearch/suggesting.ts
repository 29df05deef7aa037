/** Suggestions: the question in parts, and the order of what they answer. Pure but for its one call. */
import { EngineAway, type SuggestQuery } from '../port.ts';
import { suggestAnswer } from './answers.ts';
import { adviseOnRights, type OpenSearchConnection } from './connection.ts';
import type { Clause } from './answered-search.ts';
import { tokensOf } from '../../domain/tokens.ts';

export type SuggestDeps = { connection: OpenSearchConnection; alias: string; deadlineMs: number };

/** Names that are looked at for one answer; several events may have one. */
const candidatesPerSuggestion = 4;
const maxCandidates = 100;
const maxLookedAt = 200_000;
/** So many characters of a beginning are indexed by themselves; longer ones are looked up among all beginnings. */
const indexedCharacters = 3;
const maxPrefix = 120;
const maxTokens = 100;
const notFound = 404;
const refusals = 300;
const nameFirst = 2;
const aheadFirst = 1;

/** Names, venues and cities in which the words stand together; those that begin with them first, then what is ahead. */
export async function suggest(deps: SuggestDeps, query: SuggestQuery): Promise<readonly string[]> {
  const { connection, alias, deadlineMs } = deps;
  const prefix = query.prefix.slice(0, maxPrefix);
  const parts = [
    namesPart(prefix, query),
    valuesPart('venue', prefix, query),
    valuesPart('city', prefix, query),
  ];
  const header = { index: alias, allow_partial_search_results: false };
  const { status, body } = await connection.call({
    method: 'POST',
    path: '/_msearch',
    lines: parts.flatMap((part) => [
      header,
      { ...part, timeout: `${deadlineMs}ms`, terminate_after: maxLookedAt },
    ]),
    deadlineMs,
  });
  if (status >= refusals) throw new Error(`OpenSearch refuses suggestions with ${status}`);
  const [names = [], venues = [], cities = []] = suggestAnswer.parse(body).responses.map((response) => {
    if (!('hits' in response)) throw refusal(response);
    if (response.timed_out) throw new EngineAway('OpenSearch was too slow for suggestions');
    return [
      ...response.hits.hits.flatMap((hit) => hit.fields.name),
      ...(response.aggregations?.values.buckets ?? []).map(({ key }) => key),
    ];
  });
  return ordered([names, venues, cities], prefix).slice(0, query.limit);
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

function namesPart(prefix: string, { now, limit }: SuggestQuery): object {
  return {
    query: {
      bool: {
        filter: [{ term: { visible: true } }, ...begins('begin.name', prefix)],
        should: [
          {
            constant_score: { filter: { bool: { filter: begins('begin.whole', prefix) } }, boost: nameFirst },
          },
          { constant_score: { filter: { range: { endsAt: { gt: now } } }, boost: aheadFirst } },
        ],
      },
    },
    sort: [{ _score: 'desc' }, { startsAt: 'asc' }],
    size: Math.min(limit * candidatesPerSuggestion, maxCandidates),
    track_total_hits: false,
    // A column instead of whole documents, which would be read and taken apart.
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
    track_total_hits: false,
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
