-- Credentials of one issuer: the keys it signs with and the refresh tokens it gave out.
create table signing_keys (
  -- The RFC 7638 thumbprint of the public key.
  key_id text primary key,
  status text not null check (status in ('next', 'current', 'retired')),
  public_jwk json not null,
  -- AES-256-GCM under the issuer's secret: nonce, ciphertext, tag. Never readable from a dump alone.
  sealed_private_key bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  activated_at timestamptz,
  retired_at timestamptz,
  check ((status = 'next') = (activated_at is null)),
  check ((status = 'retired') = (retired_at is not null))
);
-- One key signs and at most one waits, whatever several pods do at the same time.
create unique index signing_keys_single on signing_keys (status) where status in ('next', 'current');

-- One sign-in on one device. Locked before any of its tokens.
create table refresh_families (
  family_id uuid primary key,
  subject_id uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  -- When the newest token of the family runs out.
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text check (revoked_reason in ('logout', 'reuse', 'erased', 'disabled')),
  check ((revoked_at is null) = (revoked_reason is null))
);
create index refresh_families_subject on refresh_families (subject_id) where revoked_at is null;
create index refresh_families_expiry on refresh_families (expires_at);

create table refresh_tokens (
  -- SHA-256 of the token; the token itself has 256 random bits and is stored nowhere.
  token_hash bytea primary key,
  family_id uuid not null references refresh_families (family_id) on delete cascade,
  issued_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  -- When it was exchanged for its successor.
  rotated_at timestamptz
);
create index refresh_tokens_family on refresh_tokens (family_id);
