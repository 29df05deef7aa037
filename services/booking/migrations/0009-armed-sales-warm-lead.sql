-- How long before its opening a sale is to be warm in every process. Ten minutes for who does not say so, the version
-- before included. A span and not a time: a version that moves the opening moves this with it.
--
-- Every process asks twice a second which sales are near; the index keeps that cheap when years of sales are stored.
-- Locks: `armed_sales` exclusively for a moment; a constant default rewrites nothing, and the table is small.
alter table armed_sales add column warm_lead_ms bigint not null default 600000 check (warm_lead_ms >= 0);
create index armed_sales_opens on armed_sales (opens_at) where disarmed_at is null;
