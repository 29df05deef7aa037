/** Answers people: searches, suggestions, filters, and what is trending. */
import type { Clock } from '@evently/kit/clock';
import { createKept } from '@evently/kit/cache';
import { monotonicMs } from '@evently/kit/clock';
import type { Database } from '@evently/kit/postgres';
import { searchDocumentOf } from '../domain/changes.ts';
import { filtersQuestion } from '../domain/hot-questions.ts';
import { createHighlighter, type Highlighter } from '../domain/highlight.ts';
import { tokensOf } from '../domain/tokens.ts';
import type {
  Facets,
  Filters,
  Hit,
  Place,
  SearchAnswer,
  SearchDocument,
  SearchQuery,
  Sort,
} from '../engine/port.ts';
import type { SearchMetrics } from '../metrics.ts';
import { listTrending, type Trending } from '../store/sales.ts';
import type { EnginePort } from './ask-engines.ts';

export type SearchDeps = {
  db: Database;
  port: EnginePort;
  clock: Clock;
  metrics: Pick<SearchMetrics, 'queried'>;
  keepMs: number;
};
/** What somebody asked for. `typed` is null when no words were given. */
export type Wanted = {
  typed: string | null;
  filters: Filters;
  near: Place | null;
  sort: Sort | null;
  page: number;
  limit: number;
};
export type Result = {
  document: SearchDocument;
  available: number;
  status: 'published' | 'sold_out' | 'completed';
  score: number;
  distanceKm: number | null;
  highlights: { name?: string; venue_name?: string; description?: string };
};
export type Results = { results: Result[]; total: number; facets: Facets; seconds: number };
type EngineIsAway = { ok: false; refusal: { kind: 'engine-away' } };
export type SearchOutcome = { ok: true; found: Results } | EngineIsAway;

const away: EngineIsAway = { ok: false, refusal: { kind: 'engine-away' } };
const noFacets: Facets = { cities: [], eventTypes: [], priceRange: null };

/** Text in which no word is finds nothing; no text at all finds everything that the filters leave. */
export async function searchEvents(deps: SearchDeps, wanted: Wanted): Promise<SearchOutcome> {
  const startedMs = monotonicMs();
  const query = queryOf(wanted, deps.clock.now());
  if (query === null) return { ok: true, found: { results: [], total: 0, facets: noFacets, seconds: 0 } };
  const asked = await deps.port.search(query);
  if (!asked.ok) return away;
  const { hits, total, facets } = asked.value;
  const highlight = createHighlighter(query.text?.tokens ?? []);
  const results = hits.map((hit) => resultOf(hit, highlight));
  return {
    ok: true,
    found: { results, total, facets: facets ?? noFacets, seconds: (monotonicMs() - startedMs) / 1_000 },
  };
}

/** The engine's question; null when something was typed and no word is in it. */
function queryOf(wanted: Wanted, now: Date): SearchQuery | null {
  const { typed, filters, near, page, limit } = wanted;
  const tokens = typed === null ? [] : tokensOf(typed);
  if (typed !== null && tokens.length === 0) return null;
  return {
    text: tokens.length === 0 ? null : { tokens },
    filters,
    near,
    sort: wanted.sort ?? 'relevance',
    now,
    offset: (page - 1) * limit,
    limit,
    facets: true,
  };
}

function resultOf({ document, available, score, distanceKm }: Hit, highlight: Highlighter): Result {
  const [name, venue_name, description] = highlight([
    document.name,
    document.venueName,
    document.description,
  ]);
  return {
    document,
    available,
    status: statusOf(document, available),
    score,
    distanceKm,
    highlights: {
      ...(typeof name === 'string' ? { name } : {}),
      ...(typeof venue_name === 'string' ? { venue_name } : {}),
      ...(typeof description === 'string' ? { description } : {}),
    },
  };
}

function statusOf({ status }: SearchDocument, available: number): Result['status'] {
  return status === 'published' && available === 0 ? 'sold_out' : status;
}

export type SuggestOutcome = { ok: true; suggestions: readonly string[] } | EngineIsAway;

export async function suggestTexts(deps: SearchDeps, typed: string, limit: number): Promise<SuggestOutcome> {
  const prefix = tokensOf(typed).join(' ');
  if (prefix === '') return { ok: true, suggestions: [] };
  const asked = await deps.port.suggest({ prefix, now: deps.clock.now(), limit });
  return asked.ok ? { ok: true, suggestions: asked.value } : away;
}

export async function listFilters(deps: SearchDeps): Promise<{ ok: true; facets: Facets } | EngineIsAway> {
  const asked = await deps.port.search({ ...filtersQuestion, now: deps.clock.now() }, 'filters');
  return asked.ok ? { ok: true, facets: facetsOf(asked.value) } : away;
}

const facetsOf = ({ facets }: SearchAnswer): Facets => facets ?? noFacets;

export type TrendingBoard = { read: (limit: number) => Promise<Result[]>; forget: () => void };
const maxTrending = 50;
const everyone = 'everyone';

/** From the sales themselves, whatever engine searches; one reading for everybody within `keepMs`. */
export function createTrendingBoard(deps: SearchDeps): TrendingBoard {
  const kept = createKept<string, readonly Trending[]>(
    { keyOf: (key) => key, scopeOf: (key) => key, keepMs: deps.keepMs, max: 1 },
    monotonicMs,
  );
  return {
    forget: () => kept.forget([everyone]),
    read: async (limit) => {
      const startedMs = monotonicMs();
      const state = { isNew: false };
      const rows = await kept.read(everyone, () => {
        state.isNew = true;
        return listTrending(deps.db, deps.clock.now(), maxTrending);
      });
      deps.metrics.queried(
        'trending',
        state.isNew ? 'answered' : 'kept',
        (monotonicMs() - startedMs) / 1_000,
      );
      const highlight = createHighlighter([]);
      return rows.slice(0, limit).flatMap((row) => {
        const document = searchDocumentOf(row);
        if (document === null) return [];
        const available = row.stock?.available ?? document.capacity;
        return [resultOf({ document, available, score: row.score, distanceKm: null }, highlight)];
      });
    },
  };
}
