-- What the search service needs: where a venue is, and an order of what is said of an event as it can be found. The
-- version before writes neither: its venues have no place, and what it changes is found by comparing checksums.
alter table venues add column latitude double precision;
alter table venues add column longitude double precision;
-- Of the last document that was told; from the sequence inventory_revision, so it rises with each of them.
alter table events add column document_version bigint not null default 0;
