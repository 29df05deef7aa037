-- The memory of the fake provider. Nothing of ours refers to it and it is written in transactions of its
-- own, so that it stands for somebody else's computer: what it took it still knows after we crash.
create table fake_provider_charges (
  key text primary key,
  amount_minor bigint,
  currency text,
  -- What the charge is once `settles_at` has passed; before that it is pending.
  outcome text not null check (outcome in ('succeeded', 'declined', 'voided')),
  settles_at timestamptz not null default clock_timestamp(),
  decline_code text,
  refund_fails boolean not null default false,
  created_at timestamptz not null default clock_timestamp()
);
create table fake_provider_refunds (
  id text primary key,
  key text not null,
  amount_minor bigint not null,
  outcome text not null check (outcome in ('succeeded', 'failed')),
  settles_at timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp()
);
create index fake_provider_refunds_of_charge on fake_provider_refunds (key);
create table fake_provider_events (
  id text primary key,
  key text not null,
  refund_id text,
  -- What the event claims when that differs from the charge.
  claimed_amount_minor bigint,
  copies integer not null default 1,
  attempts integer not null default 0,
  deliver_at timestamptz not null,
  ended_at timestamptz
);
create index fake_provider_events_due on fake_provider_events (deliver_at) where ended_at is null;
