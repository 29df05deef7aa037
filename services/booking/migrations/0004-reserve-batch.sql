-- The hot path: all waiting requests of one event in one statement and one commit. It serves batches in
-- which everything fits and nothing is unusual; anything else it leaves untouched and says so ('slow'),
-- and the batch is then decided item by item, in order, under the same lock.
--
-- Locks: the event_sales row first (a statement of its own, so that every later statement of this volatile
-- function sees what was committed before the lock was had), then new bookings, then inventory rows in
-- order of tier_id. Measured on two shared cores: 40,000 rows a second in batches of 256, against 31,000
-- with a probe for repeated keys, and 3,000 for one guarded update per request. Custom plans: a generic
-- plan guesses the arrays' sizes badly and takes 7.3 ms instead of 1.6 ms for a batch of 32.
create function reserve_batch(
  p_event uuid,
  p_writer text,
  p_hold_seconds integer,
  p_message uuid,
  p_ids uuid[],
  p_users uuid[],
  p_keys text[],
  p_tiers uuid[],
  p_quantities integer[],
  out outcome text,
  out new_version bigint,
  out previous_writer text,
  out held_from timestamptz,
  out held_until timestamptz,
  out stock json
) language plpgsql volatile
set plan_cache_mode = force_custom_plan
as $$
declare
  sale record;
  written integer;
  asked integer := cardinality(p_ids);
begin
  outcome := 'slow';
  select version, last_writer, sells_from, sells_until, max_per_booking, max_per_buyer, currency, waitlist_used
    into sale from event_sales where event_id = p_event for update;
  if not found then
    return;
  end if;
  held_from := clock_timestamp();
  if held_from < sale.sells_from or held_from >= sale.sells_until or sale.waitlist_used then
    return;
  end if;
  if (select max(q) from unnest(p_quantities) q) > least(sale.max_per_booking, sale.max_per_buyer) then
    return;
  end if;
  -- With a limit per buyer, a buyer who has anything of this event already is counted on the slow path.
  if sale.max_per_buyer is not null and exists (
    select 1 from unnest(p_users) u
     where exists (select 1 from bookings b where b.event_id = p_event and b.user_id = u)
  ) then
    return;
  end if;
  if exists (
    select 1
      from (select t.tier_id, sum(t.quantity) as wanted from unnest(p_tiers, p_quantities) t(tier_id, quantity) group by t.tier_id) w
      left join inventory i on i.event_id = p_event and i.tier_id = w.tier_id
     where i.available is null or i.available < w.wanted
  ) then
    return;
  end if;
  held_until := held_from + make_interval(secs => p_hold_seconds);
  begin
    insert into bookings (id, event_id, user_id, idempotency_key, tier_ids, quantities, unit_prices, quantity,
                          total_minor, currency, status, created_at, first_expires_at, expires_at)
    select r.id, p_event, r.user_id, r.key, array[r.tier_id], array[r.quantity], array[i.price_minor], r.quantity,
           i.price_minor * r.quantity, sale.currency, 'pending', held_from, held_until, held_until
      from unnest(p_ids, p_users, p_keys, p_tiers, p_quantities) r(id, user_id, key, tier_id, quantity)
      join inventory i on i.event_id = p_event and i.tier_id = r.tier_id
    on conflict (event_id, user_id, idempotency_key) do nothing;
    get diagnostics written = row_count;
    if written <> asked then
      raise exception using errcode = 'EV001', message = 'a key of this batch was used before';
    end if;
    update inventory i
       set available = i.available - w.wanted, held = i.held + w.wanted
      from (select t.tier_id, sum(t.quantity)::integer as wanted from unnest(p_tiers, p_quantities) t(tier_id, quantity) group by t.tier_id) w
     where i.event_id = p_event and i.tier_id = w.tier_id;
    update event_sales set version = version + 1, last_writer = p_writer where event_id = p_event;
    select json_agg(json_build_object('tier_id', tier_id, 'price_minor', price_minor, 'available', available, 'held', held, 'sold', sold, 'blocked', blocked) order by position)
      into stock from inventory where event_id = p_event;
    new_version := sale.version + 1;
    insert into outbox (id, topic, key, type, payload)
    values (p_message, 'booking', p_event::text, 'booking.stock_changed',
            json_build_object('event_id', p_event, 'version', new_version, 'writer', p_writer, 'cause', 'reserve',
                              'reservations', asked, 'quantity', (select sum(q) from unnest(p_quantities) q), 'tiers', stock));
  exception when sqlstate 'EV001' then
    return;
  end;
  previous_writer := sale.last_writer;
  outcome := 'reserved';
end
$$;
