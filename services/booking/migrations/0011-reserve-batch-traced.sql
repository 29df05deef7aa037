-- `reserve_batch` for a batch whose trace is recorded: its message carries the place in the trace. A function of its own,
-- so that a batch without a trace calls what it always called, and pays nothing.
--
-- Locks: those of `reserve_batch`, in its order; the message is this transaction's own.
create function reserve_batch_traced(
  p_traceparent text,
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
  out sold_in text,
  out stock json
) language plpgsql volatile
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  select r.outcome, r.new_version, r.previous_writer, r.held_from, r.held_until, r.sold_in, r.stock
    into outcome, new_version, previous_writer, held_from, held_until, sold_in, stock
    from reserve_batch(p_event, p_writer, p_hold_seconds, p_message, p_ids, p_users, p_keys, p_tiers, p_quantities) r;
  if outcome = 'reserved' then
    update outbox set traceparent = p_traceparent where id = p_message;
  end if;
end
$$;
