-- The books: double entry, append only. One movement (a capture or a refund) is one insert of two entries
-- that sum to zero; the primary key lets each movement happen once.
create table ledger_entries (
  -- The payment's id for a capture, the refund's id for a refund.
  movement_id uuid not null,
  account text not null check (account in ('provider_balance', 'sales_clearing')),
  -- No foreign key: both entries are written in the statement that settles their payment, and the check
  -- of a parent locked by that very statement would be paid twice per sale. Verification looks for orphans.
  payment_id uuid not null,
  amount_minor bigint not null check (amount_minor <> 0),
  currency text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (movement_id, account)
);

create function refuse_ledger_change() returns trigger language plpgsql as $$
begin
  raise exception 'ledger_entries is append-only: write a reversing movement instead';
end $$;
create trigger ledger_is_append_only before update or delete or truncate on ledger_entries
  for each statement execute function refuse_ledger_change();

create function require_balanced_movement() returns trigger language plpgsql as $$
begin
  if exists (select 1 from written group by movement_id, currency having sum(amount_minor) <> 0) then
    raise exception 'a ledger movement does not sum to zero';
  end if;
  return null;
end $$;
create trigger ledger_balances after insert on ledger_entries
  referencing new table as written for each statement execute function require_balanced_movement();
