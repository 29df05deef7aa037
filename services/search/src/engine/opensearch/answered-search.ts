/** The body of a search and what its answer says. The one place where words become a query; pure. */
import { errorsForgiven, distanceKm } from '../../domain/distance.ts';
import { cityKeyOf } from '../../domain/terms.ts';
import type { FacetCount, Facets, SearchAnswer, SearchQuery } from '../port.ts';
import type { SearchReply } from './answers.ts';
import { wordsClause, type Word } from './words-clause.ts';

export type Clause = Readonly<Record<string, unknown>>;
/** `all`: every word must be found; `some`: one is enough, and more are better. */
export type Matching = 'all' | 'some';
export type Asked = { query: SearchQuery; words: readonly Word[]; matching: Matching };

/** Values of a facet in one answer at most. */
const maxFacetValues = 100;
/** Cities as they are written, one perhaps in several ways. */
const maxSpelledCities = 200;
/** Documents that one query looks at at most. */
const maxLookedAt = 5_000_000;
/** What is over, or sold out, counts so much of what it otherwise would. */
const overFactor = 0.4;
const soldOutFactor = 0.75;
/** Without words, what is ahead counts more than what is open. */
const aheadScore = 2;
const openScore = 1;
const correctionsPerWord = 10;

/** Nothing of what was typed stands anywhere but in values of match, term and range queries. */
export function searchBody({ query, words, matching }: Asked): object {
  const { sort, near, offset, limit, facets } = query;
  const left = leftBy(query);
  const isScored = words.length > 0 && sort !== 'date';
  const shown = all([left.city, left.type, left.price]);
  return {
    query: isScored ? scored(query, words, matching) : flagged(query, words, matching),
    ...(shown === null ? {} : { post_filter: shown }),
    ...(facets ? { aggs: facetsOf(left) } : {}),
    sort: orderOf(sort, near),
    // Whoever sorts by the score is told it as a value of the order; asked for beside it, it is computed twice.
    track_scores: isScored && !isByScore(sort),
    track_total_hits: true,
    from: offset,
    size: limit,
    terminate_after: maxLookedAt,
  };
}

const isByScore = (sort: SearchQuery['sort']): boolean => sort === 'relevance' || sort === 'date';

/** Asks what words that no event has may have meant, and nothing else; null when all are too short for an error. */
export function suggestionsBody(words: readonly Word[]): object | null {
  const suggest = suggestions(words);
  return Object.keys(suggest).length === 0 ? null : { query: { match_none: {} }, size: 0, suggest };
}

/** What must hold, whatever facet is counted. */
function always({ filters: { startsFrom, startsBefore } }: SearchQuery): Clause[] {
  const bounds = {
    ...(startsFrom === null ? {} : { gte: startsFrom }),
    ...(startsBefore === null ? {} : { lt: startsBefore }),
  };
  const starts = Object.keys(bounds).length === 0 ? [] : [{ range: { startsAt: bounds } }];
  return [{ term: { visible: true } }, ...starts];
}

function scored(query: SearchQuery, words: readonly Word[], matching: Matching): Clause {
  return {
    function_score: {
      query: { bool: { filter: always(query), must: [wordsClause(words, matching)] } },
      functions: [
        { filter: { range: { endsAt: { lte: query.now } } }, weight: overFactor },
        { filter: { term: { soldOut: true } }, weight: soldOutFactor },
      ],
      score_mode: 'multiply',
      boost_mode: 'multiply',
    },
  };
}

/** The score says what is ahead, and without another order also what is open; that of the words has a name. */
function flagged(query: SearchQuery, words: readonly Word[], matching: Matching): Clause {
  const ofWords =
    words.length === 0 ? [] : [{ bool: { must: [wordsClause(words, matching)], _name: 'words' } }];
  return {
    bool: {
      filter: [...always(query), ...ofWords],
      should: [
        { constant_score: { filter: { range: { endsAt: { gt: query.now } } }, boost: aheadScore } },
        ...(query.sort === 'relevance'
          ? [{ constant_score: { filter: { term: { soldOut: false } }, boost: openScore } }]
          : []),
      ],
    },
  };
}

function orderOf(sort: SearchQuery['sort'], near: SearchQuery['near']): object[] {
  const ties = [{ startsAt: 'asc' }, { eventId: 'asc' }];
  switch (sort) {
    case 'relevance':
    case 'date':
      return [{ _score: 'desc' }, ...ties];
    case 'price':
      return [{ price: 'asc' }, ...ties];
    case 'distance':
      if (near === null) throw new Error('sorting by distance needs a place');
      return [
        { _geo_distance: { place: { lat: near.latitude, lon: near.longitude }, order: 'asc', unit: 'km' } },
        ...ties,
      ];
  }
}

type Left = { city: Clause | null; type: Clause | null; price: Clause | null };

function leftBy({ filters: { city, type, minPrice, maxPrice } }: SearchQuery): Left {
  const bounds = {
    ...(minPrice === null ? {} : { gte: minPrice }),
    ...(maxPrice === null ? {} : { lte: maxPrice }),
  };
  return {
    city: city === null ? null : { term: { cityKey: cityKeyOf(city) } },
    type: type === null ? null : { term: { eventType: type } },
    price: Object.keys(bounds).length === 0 ? null : { range: { price: bounds } },
  };
}

/** Null when there is nothing that must hold. */
function all(clauses: readonly (Clause | null)[]): Clause | null {
  const given = clauses.filter((clause) => clause !== null);
  return given.length === 0 ? null : { bool: { filter: given } };
}

function facetsOf({ city, type, price }: Left): object {
  const values = (field: string, size: number): object => ({
    terms: { field, size, order: [{ _count: 'desc' }, { _key: 'asc' }] },
  });
  return {
    // As they are written: one level of counts costs half of two, and spellings are few enough to be summed here.
    ...within('filteredCities', all([type, price]), { cities: values('venueCity', maxSpelledCities) }),
    ...within('filteredTypes', all([city, price]), { types: values('eventType', maxFacetValues) }),
    ...within('filteredPrices', all([city, type]), {
      least: { min: { field: 'price' } },
      most: { max: { field: 'price' } },
    }),
  };
}

/** A filter around a count costs something even when everything passes it. */
function within(name: string, filter: Clause | null, aggs: object): object {
  return filter === null ? aggs : { [name]: { filter, aggs } };
}

/** For words that no document has. */
function suggestions(words: readonly Word[]): object {
  const entries = words.flatMap(({ token }, index): [string, object][] => {
    const forgiven = errorsForgiven([...token].length);
    if (forgiven === 0) return [];
    const term = {
      field: 'words.any',
      suggest_mode: 'missing',
      analyzer: 'word',
      max_edits: forgiven,
      prefix_length: 0,
      min_word_length: 3,
      size: correctionsPerWord,
      sort: 'score',
    };
    return [[String(index), { text: token, term }]];
  });
  return Object.fromEntries(entries);
}

/** The words with what those that are nowhere may have meant; null when nothing came of it. */
export function corrected(words: readonly Word[], { suggest }: SearchReply): readonly Word[] | null {
  let isCorrected = false;
  const better = words.map((word, index) => {
    const meant = suggest?.[String(index)]?.flatMap(({ options }) => options.map(({ text }) => text)) ?? [];
    if (meant.length > 0) isCorrected = true;
    return { ...word, meant };
  });
  return isCorrected ? better : null;
}

export function answerOf({ query, words }: Asked, reply: SearchReply): SearchAnswer {
  const { near, sort } = query;
  const scoreOf = (hit: SearchReply['hits']['hits'][number]): number =>
    words.length === 0 ? 0 : sort === 'date' ? (hit.matched_queries?.['words'] ?? 0) : scoreOfHit(hit);
  return {
    total: reply.hits.total.value,
    facets: query.facets ? facetsIn(reply) : null,
    hits: reply.hits.hits.map((hit) => {
      const { document, available } = hit._source;
      const { place } = document;
      return {
        document,
        available,
        score: scoreOf(hit),
        distanceKm: near === null || place === null ? null : distanceKm(near, place),
      };
    }),
  };
}

function scoreOfHit({ _score: score, sort: [first] }: SearchReply['hits']['hits'][number]): number {
  return score ?? (typeof first === 'number' ? first : 0);
}

function facetsIn({ aggregations: aggs = {} }: SearchReply): Facets {
  const { least, most } = aggs.filteredPrices ?? aggs;
  const { cities } = aggs.filteredCities ?? aggs;
  const { types } = aggs.filteredTypes ?? aggs;
  if (least === undefined || most === undefined || cities === undefined || types === undefined)
    throw new Error('OpenSearch answers a search without the counts that it was asked for');
  return {
    cities: citiesOf(cities.buckets),
    eventTypes: ordered(types.buckets.map(({ key, doc_count: count }) => ({ value: key, count }))),
    priceRange: least.value === null || most.value === null ? null : { min: least.value, max: most.value },
  };
}

/** One city may be written in several ways; the first of them is shown. */
function citiesOf(buckets: readonly { key: string; doc_count: number }[]): FacetCount[] {
  const cities = new Map<string, FacetCount>();
  for (const { key: value, doc_count: count } of buckets) {
    const key = cityKeyOf(value);
    const known = cities.get(key) ?? { value, count: 0 };
    cities.set(key, { value: value < known.value ? value : known.value, count: known.count + count });
  }
  return ordered([...cities.values()]).slice(0, maxFacetValues);
}

function ordered(counts: readonly FacetCount[]): FacetCount[] {
  return counts.toSorted((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1));
}
