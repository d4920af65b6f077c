-- What a site has added is told by how many changes that was. Begun anew at one site, and not at
-- another one, the same numbers would say different things.
alter table bondreplicate.replicate_tables
add column counters_begun jsonb not null default '{}';
comment on column bondreplicate.replicate_tables.counters_begun is
'by counters (names as a JSON array, sorted): how often this site has begun to add them up';
