-- The catalog: venues, events and their ticket tiers. What can be sold is pushed to booking, which owns
-- every seat; the numbers in event_stock are the last ones that booking told, for when it is away.
create table venues (
  venue_id uuid primary key,
  name text not null,
  address text not null,
  city text not null,
  state text,
  country text not null,
  postal_code text,
  capacity integer not null check (capacity > 0),
  -- The organizer's own drawing; kept as text, because jsonb refuses some strings that JSON allows.
  layout_config json,
  created_by uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);
create index venues_city on venues (lower(city));
create index venues_created on venues (created_at, venue_id);

create table events (
  event_id uuid primary key,
  name text not null,
  description text,
  venue_id uuid not null references venues,
  event_type text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  total_capacity integer not null check (total_capacity > 0),
  base_price_minor bigint not null check (base_price_minor >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  max_per_booking integer not null check (max_per_booking > 0),
  max_per_buyer integer check (max_per_buyer > 0),
  sale_mode text not null check (sale_mode in ('open', 'window', 'managed')),
  sale_opens_at timestamptz,
  sale_closes_at timestamptz,
  waitlist text not null check (waitlist in ('automatic', 'on_request', 'off')),
  status text not null check (status in ('draft', 'published', 'cancelled', 'completed')),
  -- The version that people edit, from 1.
  version integer not null default 1 check (version > 0),
  -- The version whose terms booking was last told, or is to be told by the upkeep; 0 while there is none.
  pushed_version integer not null default 0,
  created_by uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint events_end_after_start check (ends_at > starts_at),
  constraint events_sale_in_order check (sale_opens_at < sale_closes_at)
);
create index events_venue on events (venue_id);
-- The public list: published, earliest start first.
create index events_published on events (starts_at, event_id) where status = 'published';
create index events_ending on events (ends_at) where status = 'published';
create index events_created on events (created_at, event_id);

create table tiers (
  tier_id uuid primary key,
  event_id uuid not null references events on delete cascade,
  position integer not null,
  name text not null,
  capacity integer not null check (capacity >= 0),
  price_minor bigint not null check (price_minor >= 0)
);
create unique index tiers_position on tiers (event_id, position);

-- A table of its own: booking's messages come many times a second and must not wait for an edit.
create table event_stock (
  event_id uuid primary key references events on delete cascade,
  stock_version bigint not null,
  available integer not null,
  -- Available seats by tier id.
  tiers json not null,
  updated_at timestamptz not null
) with (fillfactor = 50);

-- Orders the pushes to booking. A sequence does not roll back, so a later push is always higher.
create sequence inventory_revision as bigint;
