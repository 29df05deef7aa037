-- Accounts of buyers. An erased account keeps its id, because bookings and the ledger name it, and
-- nothing that says who it was.
create table users (
  user_id uuid primary key,
  -- Trimmed, lower case, NFC.
  email text unique,
  name text,
  phone_number text,
  password_hash text,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  erased_at timestamptz,
  constraint users_live_or_erased check (
    case when erased_at is null then email is not null and name is not null and password_hash is not null
         else email is null and name is null and phone_number is null and password_hash is null end
  )
);
