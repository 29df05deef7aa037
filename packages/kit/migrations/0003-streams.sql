-- How far the messages of a topic have come on a bus that keeps them on their way. Such a bus may lose them; what
-- stands here tells that it did, and which messages of the outbox are to be published again. Changed by the relay
-- alone, in the transaction that marks messages as published. Without such a bus the table stays empty.
create table outbox_streams (
  topic text primary key,
  -- The place of the last message that is marked as published: a stream that has not reached it was lost.
  last_place text not null,
  -- All messages published until this time were handled by all consumers ...
  handled_until timestamptz not null,
  -- ... and so will be those published until `next_until`, once all consumers have passed `next_place`.
  next_place text not null,
  next_until timestamptz not null
) with (fillfactor = 50);
