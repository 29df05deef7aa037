-- What a person did about a case, in their words. Null while a case is open, and for one that closed by itself
-- because what it asked for happened. Money that a person gave back by another way counts as given back (I23).
alter table manual_cases add column note text;
