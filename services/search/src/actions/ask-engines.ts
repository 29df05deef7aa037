/** Asks the engine, and while it is away whoever steps in; the same question within a moment is asked once. */
import { createBreaker } from '@evently/kit/breaker';
import { createKept } from '@evently/kit/cache';
import { monotonicMs } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { cityKeyOf } from '../domain/terms.ts';
import {
  EngineAway,
  type SearchAnswer,
  type SearchEngine,
  type SearchQuery,
  type SuggestQuery,
} from '../engine/port.ts';
import type { QueryKind, QueryOutcome, SearchMetrics } from '../metrics.ts';

export type Engines = { main: SearchEngine; fallback: SearchEngine | null };
/** Who answered: `kept` was answered by one of the others a moment ago. */
export type Asked<T> = { ok: true; value: T } | { ok: false };
export type EnginePort = {
  search: (query: SearchQuery, kind?: QueryKind) => Promise<Asked<SearchAnswer>>;
  suggest: (query: SuggestQuery) => Promise<Asked<readonly string[]>>;
  /** Asks anew whatever is kept, which is given meanwhile; for answers that are to be there before they are asked for. */
  warm: (query: SearchQuery) => Promise<Asked<SearchAnswer>>;
  warmSuggestions: (query: SuggestQuery) => Promise<Asked<readonly string[]>>;
};

export type EnginePortDeps = {
  engines: Engines;
  metrics: Pick<SearchMetrics, 'queried' | 'engineIs'>;
  log: Logger;
  /** How long an answer is given again. */
  keepMs: number;
};

const failuresBeforeAway = 3;
/** One question in so long finds out whether the engine is back; nobody waits for it meanwhile. */
const awayMs = 250;
/** No suggestion tells how many seats are free: they are given again for so many times as long. */
export const suggestionsKeepFactor = 10;
const maxKept = 2_000;
const maxKeptSuggestions = 5_000;

type Answered<T> = { value: T | null; outcome: QueryOutcome };

/** Never rejects for an engine that is away: that is an answer of its own. */
export function createEnginePort(deps: EnginePortDeps): EnginePort {
  const ask = createAsking(deps);
  const answers = keeping<SearchAnswer>(deps.keepMs, maxKept);
  const suggestions = keeping<readonly string[]>(suggestionsKeepFactor * deps.keepMs, maxKeptSuggestions);

  async function timed<T>(
    kind: QueryKind,
    kept: ReturnType<typeof keeping<T>>,
    key: string,
    work: (engine: SearchEngine) => Promise<T>,
  ): Promise<Asked<T>> {
    const startedMs = monotonicMs();
    const state = { isNew: false };
    const answered = await kept.read(key, () => {
      state.isNew = true;
      return ask(work);
    });
    // What nobody could answer is asked again by the next.
    if (answered.value === null) kept.forget([key]);
    const outcome = state.isNew || answered.value === null ? answered.outcome : 'kept';
    deps.metrics.queried(kind, outcome, (monotonicMs() - startedMs) / 1_000);
    return answered.value === null ? { ok: false } : { ok: true, value: answered.value };
  }

  async function renewed<T>(
    kept: ReturnType<typeof keeping<T>>,
    key: string,
    work: (engine: SearchEngine) => Promise<T>,
  ): Promise<Asked<T>> {
    const startedMs = monotonicMs();
    const answered = await kept.renew(key, async () => {
      const { value, outcome } = await ask(work);
      deps.metrics.queried('warm', outcome, (monotonicMs() - startedMs) / 1_000);
      return value === null ? null : { value, outcome };
    });
    if (answered === null || answered.value === null) return { ok: false };
    return { ok: true, value: answered.value };
  }

  return {
    search: (query, kind = 'search') => timed(kind, answers, keyOf(query), (engine) => engine.search(query)),
    suggest: (query) => timed('suggest', suggestions, suggestKeyOf(query), (engine) => engine.suggest(query)),
    warm: (query) => renewed(answers, keyOf(query), (engine) => engine.search(query)),
    warmSuggestions: (query) => renewed(suggestions, suggestKeyOf(query), (engine) => engine.suggest(query)),
  };
}

function suggestKeyOf({ limit, prefix }: SuggestQuery): string {
  return `${limit} ${prefix}`;
}

/** The present is no part of a question: it is another one for everybody. A city in another spelling is the same city. */
function keyOf({ text, filters, near, sort, offset, limit, facets }: SearchQuery): string {
  const city = filters.city === null ? null : cityKeyOf(filters.city);
  const { type, startsFrom, startsBefore, minPrice, maxPrice } = filters;
  return JSON.stringify([
    text?.tokens ?? null,
    [city, type, startsFrom, startsBefore, minPrice, maxPrice],
    near,
    [sort, offset, limit, facets],
  ]);
}

function keeping<T>(keepMs: number, max: number) {
  return createKept<string, Answered<T>>(
    { keyOf: (key) => key, scopeOf: (key) => key, keepMs, max },
    monotonicMs,
  );
}

function createAsking({ engines, metrics, log }: EnginePortDeps) {
  const { main, fallback } = engines;
  metrics.engineIs(main.kind, true);
  const breaker = createBreaker({
    failures: failuresBeforeAway,
    openMs: awayMs,
    nowMs: monotonicMs,
    changed: (state, error) => {
      metrics.engineIs(main.kind, state === 'closed');
      if (state === 'open') log.warn({ engine: main.kind, err: String(error) }, 'the search engine is away');
      else log.info({ engine: main.kind }, 'the search engine is back');
    },
  });
  return async <T>(work: (engine: SearchEngine) => Promise<T>): Promise<Answered<T>> => {
    const failed: { bug: Error | null } = { bug: null };
    const answered = await breaker.run<Answered<T>>(
      async () => {
        try {
          return { value: await work(main), outcome: 'answered' };
        } catch (error) {
          if (error instanceof EngineAway) throw error;
          // A bug is not the engine's absence: it is thrown to whoever asked.
          failed.bug = error instanceof Error ? error : new Error(String(error));
          return { value: null, outcome: 'failed' };
        }
      },
      () => (fallback === null ? { value: null, outcome: 'away' } : askFallback(fallback, work)),
    );
    if (failed.bug !== null) throw failed.bug;
    return answered;
  };
}

async function askFallback<T>(
  fallback: SearchEngine,
  work: (engine: SearchEngine) => Promise<T>,
): Promise<Answered<T>> {
  try {
    return { value: await work(fallback), outcome: 'fallback' };
  } catch (error) {
    if (error instanceof EngineAway) return { value: null, outcome: 'away' };
    throw error;
  }
}
