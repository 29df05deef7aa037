-- The PostgreSQL index in narrow rows: a search reads the row of every event that has its words, so what only a page of
-- results needs (the document), or only a write (its terms), stands in a table of its own. Measured with 100,000 events:
-- 3.5 kB of table for each before, 0.5 kB now, which is what a server keeps in its memory.
--
-- The index of before is forgotten instead of copied: the service finds that there is none, and builds it anew.
delete from index_generations;
truncate index_documents, index_terms, index_suggestions;

-- Takes its indexes along that are of rows with a document.
alter table index_documents
  drop column document,
  drop column terms;

create table index_contents (
  generation integer not null,
  event_id uuid not null,
  document json not null,
  -- The words without places, for the counts of index_terms.
  terms text[] not null,
  primary key (generation, event_id)
);

-- `words` is null for a removal that is remembered, and for a stock whose event is not known.
create index index_documents_starts on index_documents (generation, starts_at, event_id) where words is not null;
create index index_documents_bucket on index_documents (generation, get_byte(uuid_send(event_id), 15))
  where words is not null;
-- Every search reads what was not merged into the index yet, so that must be little.
alter index index_documents_words set (gin_pending_list_limit = 256);

-- Each different text once, its latest event first: suggestions step from one text to the next, however many events
-- have it. Texts that begin with the words are looked for before those that have them later.
drop index index_suggestions_beginning;
create index index_suggestions_first on index_suggestions
  (generation, beginning collate "C", shown collate "C", kind, ends_at desc) where place = 0;
create index index_suggestions_later on index_suggestions
  (generation, beginning collate "C", shown collate "C", kind, ends_at desc) where place > 0;
