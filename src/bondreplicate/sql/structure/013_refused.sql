-- Rows that the server refuses are tried one by one: thousands of them must not hold up each batch.
alter table bondreplicate.replicate_parked
add column refused boolean not null default false;
comment on column bondreplicate.replicate_parked.refused is
'the server itself refused the row: of these only some are tried again with each batch, in turn';
