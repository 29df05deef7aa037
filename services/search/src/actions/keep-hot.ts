/** Asks the questions of sales that open soon again before their kept answers are old, in every process by itself. */
import type { Clock } from '@evently/kit/clock';
import { monotonicMs } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { Database } from '@evently/kit/postgres';
import { hotQuestionsOf } from '../domain/hot-questions.ts';
import { listHot } from '../store/hot-events.ts';
import type { SearchQuery, SuggestQuery } from '../engine/port.ts';
import { suggestionsKeepFactor, type Asked } from './ask-engines.ts';

export type WarmPort = {
  warm: (query: SearchQuery) => Promise<Asked<unknown>>;
  warmSuggestions: (query: SuggestQuery) => Promise<Asked<unknown>>;
};
export type KeepHotDeps = { db: Database; port: WarmPort; clock: Clock; log: Logger };

/** Which events are hot is another process's word; so often it is looked for. */
export const lookEveryMs = 1_000;
/** Sales that open at one time; those that were warmed last. */
const maxHotEvents = 20;
/** Questions of all of them. */
const maxHot = 300;
/**
 * Of each second so much at most goes into asking ahead, whatever a question costs: where the catalog is large or the
 * engine slow, what is kept grows old sometimes, and the first of those who come asks for all.
 */
const mostShare = 0.2;

/**
 * One round: asks what is due, one question after the other, so that it never has more than one connection. What the
 * engine does not answer ends the round, and is due in the next one.
 */
export type HotRound = () => Promise<void>;

type Hot = { ask: (now: Date) => Promise<Asked<unknown>>; everyMs: number; dueMs: number };

/** @param everyMs how far apart one search is asked: less than its answer is kept */
export function createHotRounds(deps: KeepHotDeps, everyMs: number): HotRound {
  let hot: ReadonlyMap<string, Hot> = new Map();
  let lookAtMs = -Infinity;
  let restUntilMs = -Infinity;
  const askDue = async (): Promise<void> => {
    for (const each of hot.values()) {
      const nowMs = monotonicMs();
      if (nowMs < each.dueMs) continue;
      if (!(await each.ask(deps.clock.now())).ok) return;
      each.dueMs = nowMs + each.everyMs;
    }
  };
  return async () => {
    const beganMs = monotonicMs();
    if (beganMs >= lookAtMs) {
      lookAtMs = beganMs + lookEveryMs;
      hot = await readHot(deps, everyMs, hot);
    }
    if (beganMs < restUntilMs) return;
    await askDue();
    const endedMs = monotonicMs();
    restUntilMs = endedMs + (endedMs - beganMs) * (1 / mostShare - 1);
  };
}

/** The questions of all hot events, each once; what was hot before is due when it was. */
async function readHot(
  { db, port }: KeepHotDeps,
  everyMs: number,
  before: ReadonlyMap<string, Hot>,
): Promise<Map<string, Hot>> {
  const found = new Map<string, Hot>();
  const add = (question: unknown, factor: number, ask: Hot['ask']): void => {
    const key = JSON.stringify(question);
    if (found.size < maxHot || found.has(key))
      found.set(key, { ask, everyMs: factor * everyMs, dueMs: before.get(key)?.dueMs ?? -Infinity });
  };
  for (const { queries, suggestions } of (await listHot(db, maxHotEvents)).map(hotQuestionsOf)) {
    for (const query of queries) add(query, 1, (now) => port.warm({ ...query, now }));
    for (const query of suggestions)
      add(query, suggestionsKeepFactor, (now) => port.warmSuggestions({ ...query, now }));
  }
  return found;
}
