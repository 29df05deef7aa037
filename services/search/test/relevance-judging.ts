/**
 * How answers are judged. Each query says what is exactly meant (3), what is close (2) and what is merely related (1);
 * everything else is 0. Then two rules hold for all queries, because people want to go there:
 * what is over is worth one less, and what is sold out is worth one less, but what fits at all never less than 1.
 * A city that was named must be right: the same event elsewhere is 0, unless nothing else is meant by the query.
 * `byHand` judges single events by their slug instead, after both rules.
 */
import type { CorpusEvent, Facts } from './relevance-corpus.ts';
import type { Grade } from './ndcg.ts';

export type Kind =
  | 'name'
  | 'typing error'
  | 'beginning'
  | 'folding'
  | 'word form'
  | 'several words'
  | 'venue'
  | 'city'
  | 'date'
  | 'sold out'
  | 'Hindi'
  | 'German compound';

type Meant = (facts: Facts) => boolean;
export type JudgedQuery = {
  kind: Kind;
  typed: string;
  exactly: Meant;
  close?: Meant;
  related?: Meant;
  byHand?: Readonly<Record<string, Grade>>;
};

export const byAct =
  (...ids: readonly string[]): Meant =>
  ({ act }) =>
    act !== null && ids.includes(act);
export const ofWork =
  (...ids: readonly string[]): Meant =>
  ({ work }) =>
    work !== null && ids.includes(work);
/** All of the subjects. */
export const about =
  (...words: readonly string[]): Meant =>
  ({ subjects }) =>
    words.every((word) => subjects.includes(word));
export const ofType =
  (type: string): Meant =>
  (facts) =>
    facts.type === type;
export const inCity =
  (name: string): Meant =>
  ({ city }) =>
    city === name;
export const inHouse =
  (name: string): Meant =>
  ({ house }) =>
    house === name;
export const inYear =
  (wanted: number): Meant =>
  ({ year }) =>
    year === wanted;
export const both =
  (...meant: readonly Meant[]): Meant =>
  (facts) =>
    meant.every((one) => one(facts));
export const either =
  (...meant: readonly Meant[]): Meant =>
  (facts) =>
    meant.some((one) => one(facts));

/** The grade of one event for one query. */
export function gradeOf(
  { exactly, close, related, byHand }: JudgedQuery,
  { slug, facts }: CorpusEvent,
): Grade {
  const given = byHand?.[slug];
  if (given !== undefined) return given;
  const fit = exactly(facts) ? 3 : close?.(facts) === true ? 2 : related?.(facts) === true ? 1 : 0;
  if (fit === 0) return 0;
  const less = (facts.isOver ? 1 : 0) + (facts.isSoldOut ? 1 : 0);
  const left = Math.max(1, fit - less);
  return left === 3 ? 3 : left === 2 ? 2 : 1;
}
