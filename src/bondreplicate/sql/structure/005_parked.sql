-- A change that waits keeps what its origin had seen when it was made, so that it is compared with
-- changes made here as if it were applied when it came; and the table's number at the origin,
-- so that it finds the table again when it is renamed.
alter table bondreplicate.replicate_parked
add column seen jsonb not null default '{}', add column origin_tab integer,
add column maker smallint;
comment on column bondreplicate.replicate_parked.seen is
'positions that the source had reached when it sent the change: site number to snapshot';
comment on column bondreplicate.replicate_parked.origin_tab is
'replicate_tables.id of the table at the source';

comment on column bondreplicate.replicate_parked.maker is
'site that made the change: the source itself, or one that it had it from';

-- A user's publication FOR ALL TABLES must not make stamping the log anew impossible.
alter table bondreplicate.replicate_log_0 replica identity full;
alter table bondreplicate.replicate_log_1 replica identity full;
alter table bondreplicate.replicate_log_2 replica identity full;
alter table bondreplicate.replicate_log_3 replica identity full;

-- A site that has a table disabled is not sent its changes; when it has enabled it again, it needs
-- every row.
alter table bondreplicate.replicate_tables
add column passed_over smallint [] not null default '{}';
comment on column bondreplicate.replicate_tables.passed_over is
'sites that were not sent changes of the table while it was disabled there';

-- A batch may have entries and no rows: those of tables that are disabled at its target.
alter table bondreplicate.replicate_position add column entries bigint not null default 0;
comment on column bondreplicate.replicate_position.entries is
'entries of the origin''s log that the position has passed';

-- Which tables are disabled is looked up with every batch.
create index replicate_tables_disabled on bondreplicate.replicate_tables (id) where not enabled;
