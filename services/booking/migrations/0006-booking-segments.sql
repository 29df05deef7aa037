-- Numbers every booking's segment: some 131,000 bookings that were made after one another. The index by buyer begins
-- with it (0007). Rows that are there already stay in segment 0, and inserts need not know the column.
--
-- The sequence keeps 128 numbers for each connection; gaps only make a segment smaller. Locks: `bookings` exclusively
-- for a moment; a constant default rewrites nothing.
create sequence bookings_segment start 131072 cache 128;
alter table bookings add column segment integer not null default 0;
alter table bookings alter column segment set default (nextval('bookings_segment') >> 17);
