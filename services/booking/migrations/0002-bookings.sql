-- Reservations and what becomes of them. The lines are arrays: a second table would double the inserts
-- of the hot path. Every key contains event_id, so that the table can be distributed by it; the order
-- inside the keys is that of the look-ups.
--
-- event_id has no foreign key: every insert holds the lock of its event_sales row, which is never deleted,
-- and the key's trigger took 13 of 32 us for each row of a batch. `verify` looks for orphans instead (I16).
create table bookings (
  id uuid not null,
  event_id uuid not null,
  user_id uuid not null,
  idempotency_key text not null,
  tier_ids uuid[] not null,
  quantities integer[] not null,
  unit_prices bigint[] not null,
  quantity integer not null check (quantity > 0),
  total_minor bigint not null check (total_minor >= 0),
  currency text not null,
  status text not null check (status in ('pending', 'paying', 'payment_unknown', 'confirmed', 'cancelled', 'expired')),
  -- Raised by every change of status; the id of the stream's events.
  revision integer not null default 1,
  created_at timestamptz not null,
  -- What the buyer was told at first, for an equal answer to a repeated request.
  first_expires_at timestamptz not null,
  expires_at timestamptz not null,
  waitlist_id uuid,
  -- Payment: which attempt, and when to ask about it next.
  attempt smallint not null default 0,
  grace_granted boolean not null default false,
  paying_since timestamptz,
  check_at timestamptz,
  payment_id uuid,
  transaction_id text,
  payment_method text,
  confirmed_at timestamptz,
  ended_at timestamptz,
  constraint bookings_lines check (cardinality(tier_ids) = cardinality(quantities) and cardinality(tier_ids) = cardinality(unit_prices)),
  primary key (id, event_id)
);
-- One effect per buyer and key (I17), and all bookings of one event or of one of its buyers.
create unique index bookings_key on bookings (event_id, user_id, idempotency_key);
create index bookings_user on bookings (user_id, id);
create index bookings_due on bookings (expires_at) where status = 'pending';
create index bookings_check on bookings (check_at) where status in ('paying', 'payment_unknown');

-- Every change of status after the reservation, for the stream and for whoever asks what happened.
create table booking_transitions (
  booking_id uuid not null,
  revision integer not null,
  event_id uuid not null,
  from_status text not null,
  to_status text not null,
  cause text not null,
  at timestamptz not null,
  primary key (booking_id, revision, event_id)
);

-- Money to give back; the payment service carries it out.
create table booking_refunds (
  id uuid not null,
  event_id uuid not null,
  booking_id uuid not null,
  attempt smallint not null,
  amount_minor bigint not null check (amount_minor > 0),
  reason text not null,
  status text not null check (status in ('requested', 'succeeded', 'failed')),
  requested_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  primary key (id, event_id)
);
-- One refund for each captured attempt (I14, I22).
create unique index booking_refunds_attempt on booking_refunds (booking_id, attempt, event_id);

-- One row per seat bought. The code itself is not here: it is derived from the salt under a secret.
create table tickets (
  booking_id uuid not null,
  number smallint not null,
  event_id uuid not null,
  tier_id uuid not null,
  salt bytea not null,
  code_hash bytea not null,
  status text not null check (status in ('valid', 'used', 'void')),
  used_at timestamptz,
  used_where text,
  used_by uuid,
  primary key (booking_id, number, event_id)
);
create unique index tickets_code on tickets (code_hash, event_id);
