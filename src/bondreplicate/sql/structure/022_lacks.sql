-- Whoever has had a table disabled needs every row of the others, not only where they changed some:
-- what was deleted here meanwhile is there still. Of two that had it disabled, the one that came
-- back first has the rows that stay.
alter table bondreplicate.replicate_tables
add column lacks smallint [] not null default '{}',
add column back_at timestamptz;
comment on column bondreplicate.replicate_tables.lacks is
'sites that are still to send every row of the table, which was disabled here';
comment on column bondreplicate.replicate_tables.back_at is
'stamp of the moment at which the table was followed again, after it had been disabled here';
