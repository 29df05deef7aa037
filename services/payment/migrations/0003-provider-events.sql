-- What the provider told us by itself, so that each event is processed once (I25), and the cases that a
-- person has to look at, so that no money is in doubt without somebody being told.
create table provider_events (
  provider text not null,
  event_id text not null,
  payment_id uuid not null,
  processed_at timestamptz not null default clock_timestamp(),
  primary key (provider, event_id)
);
create index provider_events_age on provider_events (processed_at);

create table manual_cases (
  id uuid primary key,
  payment_id uuid not null references payments (id),
  kind text not null check (kind in ('refund-failed', 'amount-mismatch', 'captured-after-end', 'outcome-unknown')),
  -- The refund or the payment the case is about; one case per kind and subject.
  subject_id uuid not null,
  detail text not null,
  opened_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  unique (kind, subject_id)
);
create index manual_cases_open on manual_cases (payment_id) where closed_at is null;
