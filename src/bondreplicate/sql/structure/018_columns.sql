-- How two sites' changes of one row are merged: the later row, or the later of each column.
alter table bondreplicate.replicate_tables
add column resolve text not null default 'row',
add column merges text not null default 'row',
add column column_numbers smallint [] not null default '{}',
add constraint resolve_is_row_or_column check (resolve in ('row', 'column')),
add constraint merges_is_row_or_column check (merges in ('row', 'column'));
comment on column bondreplicate.replicate_tables.resolve is
'row: of two changes of one row the later stays; column: of each column the later; '
'set it alike at every site';
comment on column bondreplicate.replicate_tables.merges is
'what resolve says, in effect: column stays until changes of single columns are everywhere';
comment on column bondreplicate.replicate_tables.column_numbers is
'pg_attribute.attnum of each of `columns`';

-- Numbers, so that an entry finds its columns again when they are renamed.
alter table bondreplicate.replicate_log add column changed smallint [];
comment on column bondreplicate.replicate_log.changed is
'columns that were written (pg_attribute.attnum), where a table is merged by column; null: all';

alter table bondreplicate.replicate_parked add column cells jsonb;
comment on column bondreplicate.replicate_parked.cells is
'where the table is merged by column: versions and the columns that each wrote';
create index replicate_parked_cells on bondreplicate.replicate_parked (schema_name, table_name)
where cells is not null;
