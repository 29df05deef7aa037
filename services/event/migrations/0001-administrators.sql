-- Administrators. There is no public way to become one: the first is made with the one-time bootstrap
-- token, later ones by an administrator.
create table administrators (
  admin_id uuid primary key,
  -- Trimmed, lower case, NFC.
  email text not null unique,
  name text not null,
  phone_number text,
  password_hash text not null,
  role text not null check (role in ('admin', 'editor', 'viewer', 'scanner')),
  -- Null for the first one, whom the bootstrap token made.
  created_by uuid,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);
-- Two bootstraps that race: one inserts, the other waits here and is refused.
create unique index administrators_first on administrators ((true)) where created_by is null;
