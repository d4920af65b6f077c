-- A key is told by the columns that it is made of: they may change.
alter table bondreplicate.replicate_tables
add column key_numbers smallint [] not null default '{}',
add column key_operators text [] not null default '{}',
add column key_types text [] not null default '{}';
comment on column bondreplicate.replicate_tables.key_numbers is
'numbers of the columns (pg_attribute.attnum) of the key that changes were last told by';
comment on column bondreplicate.replicate_tables.key_operators is
'operators by which two of those keys are equal';
comment on column bondreplicate.replicate_tables.key_types is 'types of those columns';
alter table bondreplicate.replicate_parked
add column key_columns name [] not null default '{}',
add column key_numbers smallint [], add column layout text, add column hash bigint,
drop constraint replicate_parked_pkey,
add primary key (source, schema_name, table_name, key, key_columns);
comment on column bondreplicate.replicate_parked.key_columns is
'columns that the key was made of when the change came';
comment on column bondreplicate.replicate_parked.key_numbers is
'numbers of those columns at the source';
comment on column bondreplicate.replicate_parked.layout is
'digest of the columns that the table had at the source when the change came';
comment on column bondreplicate.replicate_parked.hash is
'hash of the key as in replicate_log, once the change has been tried again';
