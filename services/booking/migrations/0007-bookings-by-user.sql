-- A buyer's bookings are found segment by segment. Buyers are random: an index that begins with them is written all
-- over, so with 1.4 million bookings each sale read another page of it, dirtied it and logged it whole after every
-- checkpoint: 41 us and 1,850 bytes of log a sale in batches of 110, against 24 us and 890 in an empty table. Written
-- within the newest segment only, it costs the same at any size. The price: a list looks once into each segment, 4 us
-- each, so some 80 looks with ten million bookings.
--
-- Locks: writes to `bookings` wait while the index is built (4 s for 1.4 million rows), reads only at the very end,
-- for the moment of the drop. The version before finds its rows by skipping through either index.
create index bookings_segment_user on bookings (segment, user_id);
drop index bookings_user;
