-- Events whose sale opens soon: every process of this service asks what their pages ask, again and again, so that the
-- answers are there before people come. In the database, because one process is told and all of them serve; and one that
-- starts anew in the middle of a sale must know it too.
create table hot_events (
  event_id uuid primary key,
  until timestamptz not null
);
