-- What holds a key back is a message that failed, and those are few; the index of all that waits made the relay
-- read every earlier message of a busy key. With 10,000 messages of one key waiting, a claim takes 0.2 ms
-- instead of 4.4 ms, and 15 ms instead of 110 ms while the first of them waits for its next attempt. It is also
-- one index less for every message that does not fail. The version before runs with either index.
create index outbox_held on outbox (key, position) where published_at is null and next_attempt_at is not null;
drop index outbox_key;
