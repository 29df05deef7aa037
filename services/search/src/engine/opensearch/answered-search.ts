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
export function searchBody({ query, words, matching }: Asked, timeoutMs: number): object {
  const { sort, near, offset, limit, facets } = query;
  const left = leftBy(query);
  const isScored = words.length > 0 && sort !== 'date';
  return {
    query: isScored ? scored(query, words, matching) : flagged(query, words, matching),
    post_filter: all([left.city, left.type, left.price]),
    ...(facets ? { aggs: facetsOf(left) } : {}),
    ...(matching === 'all' ? { suggest: suggestions(words) } : {}),
    sort: orderOf(sort, near),
    // Sorting by a field leaves the score out unless it is asked for.
    track_scores: isScored,
    track_total_hits: true,
    from: offset,
    size: limit,
    timeout: `${timeoutMs}ms`,
    terminate_after: maxLookedAt,
  };
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

function all(clauses: readonly (Clause | null)[]): Clause {
  const given = clauses.filter((clause) => clause !== null);
  return given.length === 0 ? { match_all: {} } : { bool: { filter: given } };
}

function facetsOf({ city, type, price }: Left): object {
  const values = (field: string, size: number): object => ({
    terms: { field, size, order: [{ _count: 'desc' }, { _key: 'asc' }] },
  });
  return {
    // As they are written: one level of counts costs half of two, and spellings are few enough to be summed here.
    cities: { filter: all([type, price]), aggs: { values: values('venueCity', maxSpelledCities) } },
    types: { filter: all([city, price]), aggs: { values: values('eventType', maxFacetValues) } },
    prices: {
      filter: all([city, type]),
      aggs: { least: { min: { field: 'price' } }, most: { max: { field: 'price' } } },
    },
  };
}

/** For words that no document has; the others cost a look into the dictionary. */
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
    words.length === 0 ? 0 : sort === 'date' ? (hit.matched_queries?.['words'] ?? 0) : (hit._score ?? 0);
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

function facetsIn({ aggregations }: SearchReply): Facets {
  const { cities, types, prices } = aggregations ?? {};
  const [min, max] = [prices?.least.value ?? null, prices?.most.value ?? null];
  return {
    cities: citiesOf(cities?.values.buckets ?? []),
    eventTypes: ordered(
      (types?.values.buckets ?? []).map(({ key, doc_count: count }) => ({ value: key, count })),
    ),
    priceRange: min === null || max === null ? null : { min, max },
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
