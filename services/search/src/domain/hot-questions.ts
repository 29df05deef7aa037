/** What people ask who come for an event: its name as they type it, its venue, city and kind, and the start page's own. */
import type { CatalogDocument } from '@evently/contracts/search';
import type { Filters, SearchQuery, SuggestQuery } from '../engine/port.ts';
import { tokensOf } from './tokens.ts';

/** As pages ask that name no number. */
const pageLimit = 20;
const suggestionLimit = 10;
/** Who has typed so much of a name has seen it among the suggestions. */
const maxTyped = 16;

/** The present is filled in when they are asked. */
export type HotQuestions = {
  queries: Omit<SearchQuery, 'now'>[];
  suggestions: Omit<SuggestQuery, 'now'>[];
};

const none: Filters = {
  city: null,
  type: null,
  startsFrom: null,
  startsBefore: null,
  minPrice: null,
  maxPrice: null,
};
/** Whose facets are all that can be filtered by, and no results. */
export const filtersQuestion: Omit<SearchQuery, 'now'> = question(null, none, 0);

export function hotQuestionsOf(document: CatalogDocument): HotQuestions {
  const { name, venue_name: venue, venue_city: city, event_type: kind } = document;
  // As the routes understand it, whoever wrote it.
  const type = kind.toLowerCase();
  const typed = [name, venue, city].map(tokensOf).filter((tokens) => tokens.length > 0);
  return {
    queries: [
      ...typed.map((tokens) => question(tokens, none, pageLimit)),
      question(null, none, pageLimit),
      question(null, { ...none, city }, pageLimit),
      question(null, { ...none, type }, pageLimit),
      question(null, { ...none, city, type }, pageLimit),
      filtersQuestion,
    ],
    suggestions: beginningsOf(name).map((prefix) => ({ prefix, limit: suggestionLimit })),
  };
}

function question(tokens: readonly string[] | null, filters: Filters, limit: number) {
  return {
    text: tokens === null ? null : { tokens },
    filters,
    near: null,
    sort: 'relevance' as const,
    offset: 0,
    limit,
    facets: true,
  };
}

/** As somebody types the name: each of its first letters is a question. */
function beginningsOf(name: string): string[] {
  const letters = Array.from(name).slice(0, maxTyped);
  const beginnings = letters.map((_, index) => tokensOf(letters.slice(0, index + 1).join('')).join(' '));
  return [...new Set(beginnings)].filter((beginning) => beginning !== '');
}
