-- The city and the kind of an event as one small number: facets are counted by it, and their names are looked up at the
-- end for the few that were found. What a search reads of every row stands first, before what has no fixed length.
-- Measured with 100,000 events: a word that 14,000 of them have takes 22 ms of processor time instead of 31.
--
-- The index of before is forgotten, as it was in 0004: the service finds that there is none, and builds it anew.
delete from index_generations;
truncate index_contents, index_terms, index_suggestions;
drop table index_documents;

-- Each city, as it is written, with each kind of its events. They are few, and stay when the last such event goes.
create table index_groups (
  id integer generated always as identity primary key,
  city_key text not null,
  event_type text not null,
  city text not null,
  unique (city_key, event_type, city)
);

create table index_documents (
  generation integer not null,
  -- In index_groups; null when the event is removed or not known, as all that is of its document.
  group_id integer,
  starts_at timestamptz,
  ends_at timestamptz,
  price double precision,
  capacity integer,
  available integer,
  event_id uuid not null,
  -- Folded for comparing.
  name_key text,
  -- Lexemes in three weights: A the name, B the venue, D the description. Null for a removal that is remembered, and for
  -- a stock whose event is not known.
  words tsvector,
  -- Of the newest document or removal; -1 while only a stock is known.
  version bigint not null,
  checksum bigint not null default 0,
  stock_version bigint,
  latitude double precision,
  longitude double precision,
  primary key (generation, event_id)
) with (fillfactor = 80);
create index index_documents_words on index_documents using gin (words) with (gin_pending_list_limit = 256);
create index index_documents_starts on index_documents (generation, starts_at, event_id) where words is not null;
create index index_documents_bucket on index_documents (generation, get_byte(uuid_send(event_id), 15))
  where words is not null;
