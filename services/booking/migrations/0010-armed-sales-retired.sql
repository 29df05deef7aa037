-- The resources that were disarmed or replaced within the present epoch: a late command of one of them must not revive
-- it when another has taken its place. A new epoch empties the list, for it outranks all of them. The version before
-- leaves the list as it is. Locks: `armed_sales` exclusively for a moment; a constant default rewrites nothing.
alter table armed_sales add column retired_uids text[] not null default '{}';
