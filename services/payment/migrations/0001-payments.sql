-- Attempts to take money for a booking, and the money given back. A row is committed before the provider
-- is called and its id is the provider's idempotency key, so that no crash can hide a charge from us.
create table payments (
  id uuid primary key,
  booking_id uuid not null,
  attempt integer not null check (attempt >= 1),
  event_id uuid not null,
  -- A random id of the user service, the only trace of a person here. Null in a tombstone.
  user_id uuid,
  provider text not null,
  status text not null check (status in ('capturing', 'unknown', 'succeeded', 'declined', 'void')),
  amount_minor bigint check (amount_minor > 0),
  currency text check (currency ~ '^[A-Z]{3}$'),
  -- Sum of the refunds that have not failed (I22); counted under the row's lock.
  refunded_minor bigint not null default 0,
  transaction_id text,
  decline_code text,
  -- Booking gave the attempt up: it is cancelled at the provider instead of tried again.
  void_requested_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  -- When the reconciler asks the provider next; null once settled.
  next_check_at timestamptz,
  checks integer not null default 0,
  constraint payments_one_per_attempt unique (booking_id, attempt),
  constraint payments_refunds_within_capture check (
    refunded_minor >= 0 and refunded_minor <= case when status = 'succeeded' then amount_minor else 0 end),
  constraint payments_tombstone_only_when_void check (
    status = 'void' or (amount_minor is not null and currency is not null and user_id is not null)),
  constraint payments_asked_until_settled check (
    (status in ('capturing', 'unknown')) = (next_check_at is not null)
    and (status in ('capturing', 'unknown')) = (settled_at is null)),
  constraint payments_transaction_when_captured check ((status = 'succeeded') = (transaction_id is not null))
);
create index payments_to_ask on payments (next_check_at) where next_check_at is not null;

create table refunds (
  -- The asker's refund id, which is the provider's idempotency key as well.
  id uuid primary key,
  payment_id uuid not null references payments (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  reason text not null,
  status text not null check (status in ('pending', 'succeeded', 'failed')),
  provider_refund_id text,
  failure_code text,
  created_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  next_check_at timestamptz,
  checks integer not null default 0,
  constraint refunds_asked_until_settled check (
    (status = 'pending') = (next_check_at is not null) and (status = 'pending') = (settled_at is null))
);
create index refunds_of_payment on refunds (payment_id);
create index refunds_to_ask on refunds (next_check_at) where next_check_at is not null;
