-- The stock of every event and the window it is sold in. `event_sales` is the one row that each change
-- of stock locks first; it and `inventory` are updated by every batch, so both are narrow, carry no index
-- on what changes, and leave half of each page free: their updates stay HOT.
create table event_sales (
  event_id uuid primary key,
  -- Rises by exactly one with each committed change of stock.
  version bigint not null default 0,
  -- The process that made the last change; another one's name here is a version conflict.
  last_writer text not null default '',
  status text not null check (status in ('published', 'cancelled', 'completed')),
  -- The window in force, after catalog and armed sale are weighed: [sells_from, sells_until).
  sells_from timestamptz not null,
  sells_until timestamptz not null,
  max_per_booking integer not null check (max_per_booking > 0),
  max_per_buyer integer check (max_per_buyer > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  waitlist text not null check (waitlist in ('automatic', 'on_request', 'off')),
  -- True from the first waitlist entry on: from then each batch looks at who waits.
  waitlist_used boolean not null default false,
  -- The event was cancelled and its bookings are being cancelled with it.
  winding_down boolean not null default false
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What the catalog said last. Written with event_sales locked.
create table event_details (
  event_id uuid primary key references event_sales,
  -- Orders the catalog's calls; a lower one changes nothing.
  revision bigint not null,
  catalog_version integer not null,
  name text not null,
  venue_name text not null,
  venue_address text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  sale_mode text not null check (sale_mode in ('open', 'window', 'managed')),
  opens_at timestamptz,
  closes_at timestamptz,
  refund_policy json not null,
  updated_at timestamptz not null default clock_timestamp()
);

-- A sale that an operator armed; a disarmed one stays as a tombstone, so that a late call cannot revive it.
create table armed_sales (
  event_id uuid primary key,
  epoch bigint not null,
  uid text not null,
  generation bigint not null,
  opens_at timestamptz not null,
  closes_at timestamptz,
  intent text not null check (intent in ('Run', 'Hold', 'Stop')),
  armed_at timestamptz not null default clock_timestamp(),
  disarmed_at timestamptz
);

create table inventory (
  event_id uuid not null references event_sales,
  tier_id uuid not null,
  position smallint not null,
  name text not null,
  price_minor bigint not null check (price_minor >= 0),
  capacity integer not null check (capacity >= 0),
  available integer not null check (available >= 0),
  held integer not null default 0 check (held >= 0),
  sold integer not null default 0 check (sold >= 0),
  blocked integer not null default 0 check (blocked >= 0),
  primary key (event_id, tier_id),
  constraint inventory_balances check (available + held + sold + blocked = capacity)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
