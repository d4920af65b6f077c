-- A key is told by the columns that it is made of: they may change.
alter table bondreplicate.replicate_tables
add column key_numbers smallint [] not null default '{}',
add column key_operators text [] not null default '{}';
comment on column bondreplicate.replicate_tables.key_numbers is
'numbers of the key''s columns (pg_attribute.attnum), which stay when a column is renamed';
comment on column bondreplicate.replicate_tables.key_operators is
'operators by which two keys are equal';
alter table bondreplicate.replicate_parked
add column key_columns name [], add column hash bigint;
comment on column bondreplicate.replicate_parked.hash is
'hash of the key as in replicate_log, once the change has been tried again';
comment on column bondreplicate.replicate_parked.key_columns is
'columns that the key was made of when the change came';
