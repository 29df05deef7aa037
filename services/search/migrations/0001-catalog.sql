-- What this service knows: the newest word of the catalog and of booking on each event, and what of it an engine has
-- not yet. Messages change only these tables, so an engine that is away holds up nobody; indexes are made of them.
create table catalog_events (
  event_id uuid primary key,
  -- Of the newest document or removal; -1 while only a stock is known.
  version bigint not null,
  -- As the catalog wrote it (contracts/search.ts); null when the event must not be found.
  document json,
  -- checksumOf(document); 0 without one.
  checksum bigint not null default 0,
  -- Booking's newest word on free seats; null while there is none.
  stock_version bigint,
  available integer,
  changed_at timestamptz not null default clock_timestamp(),
  constraint catalog_events_stock_whole check ((stock_version is null) = (available is null))
);
-- For the comparison of one bucket with an engine: the last byte of the id.
create index catalog_events_bucket on catalog_events (get_byte(uuid_send(event_id), 15))
  where document is not null;

create sequence pending_steps as bigint;

-- One row for each event that an engine is behind with, however many messages made it so.
create table pending_changes (
  engine text not null,
  event_id uuid not null,
  -- The oldest change that is not in the index; the age of the oldest row is the lag.
  since timestamptz not null default clock_timestamp(),
  -- Of the latest change: when it is another one after applying, that was not all of it.
  step bigint not null default nextval('pending_steps'),
  -- Of the latest change that was more than a stock; 0 when there is none.
  whole_step bigint not null default 0,
  primary key (engine, event_id)
) with (fillfactor = 50);
create index pending_changes_since on pending_changes (engine, since);

-- Tickets sold, per event and ten minutes; a day of them says what is trending.
create table sales (
  event_id uuid not null,
  sold_at timestamptz not null,
  tickets integer not null check (tickets > 0),
  primary key (sold_at, event_id)
);
