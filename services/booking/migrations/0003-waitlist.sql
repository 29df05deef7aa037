-- Who waits for stock that comes back. An offer is a real booking; the entry points at it.
create table waitlist_entries (
  id uuid not null,
  event_id uuid not null references event_sales,
  tier_id uuid not null,
  user_id uuid not null,
  quantity integer not null check (quantity > 0),
  status text not null check (status in ('waiting', 'offered', 'converted', 'expired', 'left')),
  priority integer not null default 0,
  joined_at timestamptz not null,
  -- Order among entries that joined in one batch.
  place bigint generated always as identity,
  booking_id uuid,
  offered_at timestamptz,
  ended_at timestamptz,
  end_reason text,
  primary key (id, event_id)
);
-- One active entry per buyer and tier (I31).
create unique index waitlist_active on waitlist_entries (event_id, user_id, tier_id) where status in ('waiting', 'offered');
-- First come, first served (I27).
create index waitlist_queue on waitlist_entries (event_id, tier_id, priority desc, joined_at, place) where status = 'waiting';
create unique index waitlist_offer on waitlist_entries (booking_id, event_id) where booking_id is not null;
