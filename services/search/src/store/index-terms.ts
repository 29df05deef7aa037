/** Words as PostgreSQL compares them, and rows of `index_terms`: what a misspelt word may have meant. */
import type { Sql } from '@evently/kit/postgres';
import type { Candidate, Lexemes } from '../domain/terms.ts';

/** What each token is looked up by. */
export async function readLexemes(client: Sql, tokens: readonly string[]): Promise<Map<string, Lexemes>> {
  const { rows } = await client.query<{ token: string; plain: string; stems: string[] | null }>({
    name: 'read-lexemes',
    text: `select t.token, p.plain, ts_lexize('english_stem', p.plain) as stems
             from unnest($1::text[]) t(token)
            cross join lateral (select unaccent('unaccent', t.token) as plain) p`,
    values: [tokens],
  });
  return new Map(
    rows.map(({ token, plain, stems }) => {
      const stem = stems?.[0] ?? null;
      return [token, { plain, stem: stem === plain ? null : stem, isCommon: stems?.length === 0 }];
    }),
  );
}

/** Adds to the documents that have each term, in order of terms; both generations of a rebuild have their own. */
export async function countTerms(
  client: Sql,
  generation: number,
  counts: readonly { term: string; spelling: string; documents: number }[],
): Promise<void> {
  if (counts.length === 0) return;
  await client.query({
    name: 'count-terms',
    text: `insert into index_terms (generation, term, spelling, documents)
           select $1, t.term, t.spelling, t.documents
             from unnest($2::text[], $3::text[], $4::integer[]) t(term, spelling, documents)
            order by t.term
           on conflict (generation, term) do update
              set documents = index_terms.documents + excluded.documents`,
    values: [
      generation,
      counts.map(({ term }) => term),
      counts.map(({ spelling }) => spelling),
      counts.map(({ documents }) => documents),
    ],
  });
}

// Of the generation that answers; no row when there is none.
const current = `(select generation from index_generations where state = 'active')`;

/** Those of the terms that some document has, with how many have them. */
export async function findKnown(client: Sql, terms: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await client.query<{ term: string; documents: number }>({
    name: 'find-known-terms',
    text: `select term, documents from index_terms
            where generation = ${current} and term = any($1::text[]) and documents > 0`,
    values: [terms],
  });
  return new Map(rows.map(({ term, documents }) => [term, documents]));
}

/** A word that no document has; `variants` are what it may be one typing error away from. */
export type UnknownWord = { word: string; spelling: string; variants: readonly string[] };

const candidatesPerWord = 40;
const completionsPerWord = 10;

/** Terms that are written alike (trigrams), one error away, or begin with the word; a bounded number of each. */
export async function findAlike(client: Sql, unknown: UnknownWord): Promise<Candidate[]> {
  const { rows } = await client.query<Candidate>({
    name: 'find-alike-terms',
    text: `(select term, documents from index_terms
             where generation = ${current} and spelling % $1 and documents > 0
             order by similarity(spelling, $1) desc, documents desc
             limit ${candidatesPerWord})
           union
           (select term, documents from index_terms
             where generation = ${current} and term = any($2::text[]) and documents > 0)`,
    values: [unknown.spelling, unknown.variants],
  });
  return rows;
}

export async function findCompletions(client: Sql, word: string): Promise<string[]> {
  const { rows } = await client.query<{ term: string }>({
    name: 'find-completions',
    text: `select term from index_terms
            where generation = ${current} and term ~>=~ $1 and term ~<~ $2 and documents > 0
            order by documents desc, term
            limit ${completionsPerWord}`,
    values: rangeOf(word),
  });
  return rows.map(({ term }) => term);
}

const lastCharacter = '\u{10ffff}';

/**
 * First and last of everything that begins with the text, byte by byte, as `text_pattern_ops` compares: a range that an
 * index finds whatever the text is, where the plan for a `like` depends on it.
 */
export function rangeOf(text: string): [string, string] {
  return [text, `${text}${lastCharacter}`];
}
