-- Messages between services and remembered answers. Every change writes its message here in its own
-- transaction, so that a message exists exactly when its change does.
create table outbox (
  position bigint generated always as identity primary key,
  id uuid not null unique,
  topic text not null,
  -- The aggregate the message speaks of; messages of one key are published in order of position.
  key text not null,
  type text not null,
  payload json not null,
  created_at timestamptz not null default clock_timestamp(),
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  last_error text,
  published_at timestamptz
);
-- What waits, per key, in order.
create index outbox_waiting on outbox (position) where published_at is null;
create index outbox_key on outbox (key, position) where published_at is null;
create index outbox_published on outbox (published_at) where published_at is not null;

create table inbox (
  consumer text not null,
  message_id uuid not null,
  handled_at timestamptz not null default clock_timestamp(),
  primary key (consumer, message_id)
);
create index inbox_handled on inbox (handled_at);

-- Messages that a consumer could not handle, with the reason; `evently dead-letters` replays them.
create table dead_letters (
  id bigint generated always as identity primary key,
  consumer text not null,
  message_id uuid not null,
  message json not null,
  error text not null,
  created_at timestamptz not null default clock_timestamp(),
  replayed_at timestamptz,
  unique (consumer, message_id)
);

-- Answers kept for 48 hours, written in the transaction of their effect.
create table idempotency_keys (
  principal text not null,
  operation text not null,
  key text not null,
  fingerprint text not null,
  status integer not null,
  body text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (principal, operation, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);
