-- The index of the PostgreSQL engine. Every row belongs to a generation: one answers, one may be filling, and the
-- switch between them is one update. Both extensions are trusted: the owner of the database may create them.
create extension if not exists pg_trgm;
create extension if not exists unaccent;

create table index_generations (
  generation integer generated always as identity primary key,
  state text not null check (state in ('building', 'active', 'dropped')),
  created_at timestamptz not null default clock_timestamp()
);
create unique index index_generations_one on index_generations (state) where state <> 'dropped';

create table index_documents (
  generation integer not null,
  event_id uuid not null,
  -- Of the newest document or removal; -1 while only a stock is known.
  version bigint not null,
  -- Null when the event is removed or not known; what is remembered then are its versions.
  document json,
  checksum bigint not null default 0,
  -- Folded for comparing, as written for showing.
  name_key text,
  city text,
  city_key text,
  event_type text,
  starts_at timestamptz,
  ends_at timestamptz,
  price double precision,
  latitude double precision,
  longitude double precision,
  capacity integer,
  stock_version bigint,
  available integer,
  -- Lexemes in three weights: A the name, B the venue, D the description.
  words tsvector,
  -- The same words without places, for the counts of index_terms.
  terms text[],
  primary key (generation, event_id)
) with (fillfactor = 80);
create index index_documents_words on index_documents using gin (words);
create index index_documents_starts on index_documents (generation, starts_at, event_id) where document is not null;
create index index_documents_city on index_documents (generation, city_key) where document is not null;
create index index_documents_bucket on index_documents (generation, get_byte(uuid_send(event_id), 15))
  where document is not null;

-- Every word of a generation, with the documents that have it: what a misspelt word may have meant.
create table index_terms (
  generation integer not null,
  term text not null,
  -- The term in letters a to z and digits: trigrams of other scripts depend on a server's locale.
  spelling text not null,
  documents integer not null,
  primary key (generation, term)
) with (fillfactor = 80);
create index index_terms_prefix on index_terms (generation, term text_pattern_ops);
create index index_terms_spelling on index_terms using gin (spelling gin_trgm_ops);

-- Beginnings that suggest a name, a venue or a city: one row for each word that the text can begin with.
create table index_suggestions (
  generation integer not null,
  event_id uuid not null,
  -- Folded words from `place` on.
  beginning text not null,
  place smallint not null,
  kind text not null check (kind in ('name', 'venue', 'city')),
  shown text not null,
  ends_at timestamptz not null
);
create index index_suggestions_beginning on index_suggestions (generation, beginning text_pattern_ops);
create index index_suggestions_event on index_suggestions (generation, event_id);
