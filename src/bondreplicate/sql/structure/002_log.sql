-- The log of changed keys, which is the memory of recent versions as well. It has no primary key:
-- nothing in it is ever updated or deleted (parts are truncated), and any value that made its rows
-- unique could make an application's statement fail.
create table bondreplicate.replicate_log (
    xid xid8 not null,
    origin_xid xid8,
    stamp timestamptz not null,
    hash bigint not null,
    tab integer not null,
    site smallint not null,
    repair smallint not null default 0,
    source smallint not null,
    part smallint not null,
    key text [],
    merged_into text []
) partition by list (part);
create table bondreplicate.replicate_log_0
partition of bondreplicate.replicate_log for values in (0);
create table bondreplicate.replicate_log_1
partition of bondreplicate.replicate_log for values in (1);
create table bondreplicate.replicate_log_2
partition of bondreplicate.replicate_log for values in (2);
create table bondreplicate.replicate_log_3
partition of bondreplicate.replicate_log for values in (3);
create index replicate_log_xid on bondreplicate.replicate_log (xid);
create index replicate_log_hash on bondreplicate.replicate_log (hash);
comment on table bondreplicate.replicate_log is
'keys of changed rows, kept until every enabled site is known to have the change';
comment on table bondreplicate.replicate_log_0 is 'a part of replicate_log, emptied by truncate';
comment on table bondreplicate.replicate_log_1 is 'a part of replicate_log, emptied by truncate';
comment on table bondreplicate.replicate_log_2 is 'a part of replicate_log, emptied by truncate';
comment on table bondreplicate.replicate_log_3 is 'a part of replicate_log, emptied by truncate';
comment on column bondreplicate.replicate_log.xid is 'transaction that wrote the entry here';
comment on column bondreplicate.replicate_log.origin_xid is
'for a change applied from another site: a transaction there that had made it';
comment on column bondreplicate.replicate_log.stamp is 'version: hybrid logical clock';
comment on column bondreplicate.replicate_log.hash is
'hash of the key by its types'' own operators; of the table for a TRUNCATE';
comment on column bondreplicate.replicate_log.tab is 'replicate_tables.id';
comment on column bondreplicate.replicate_log.site is 'version: site that made it';
comment on column bondreplicate.replicate_log.repair is
'version: how often it was repaired; 0 for a user''s change';
comment on column bondreplicate.replicate_log.source is
'site that the entry came from; only entries made here are sent on';
comment on column bondreplicate.replicate_log.part is 'partition';
comment on column bondreplicate.replicate_log.key is
'text of each key column; null: TRUNCATE, all rows older than the version';
comment on column bondreplicate.replicate_log.merged_into is
'for a row removed as a duplicate: key of the row that stayed';

create table bondreplicate.replicate_part (
    part smallint primary key,
    closed_at timestamptz
);
comment on table bondreplicate.replicate_part is
'parts of replicate_log that wait until every enabled site has what is in them';
comment on column bondreplicate.replicate_part.part is 'partition of replicate_log';
comment on column bondreplicate.replicate_part.closed_at is
'when the part stopped taking entries; null: it takes them, or is empty';
insert into bondreplicate.replicate_part (part) values (0), (1), (2), (3);

create table bondreplicate.replicate_position (
    site smallint primary key,
    incarnation uuid,
    position pg_snapshot,
    copied_xid xid8,
    seen jsonb not null default '{}',
    applied_at timestamptz not null default clock_timestamp(),
    batches bigint not null default 0,
    rows bigint not null default 0,
    lag_s double precision
);
comment on table bondreplicate.replicate_position is
'what of each other site has been applied here';
comment on column bondreplicate.replicate_position.site is 'the origin';
comment on column bondreplicate.replicate_position.incarnation is
'replicate_state.incarnation of the origin';
comment on column bondreplicate.replicate_position.position is
'snapshot of the origin: what it shows has been applied here; null: nothing';
comment on column bondreplicate.replicate_position.copied_xid is
'in a copy: newest transaction of the origin that its log had forgotten when the copy was made';
comment on column bondreplicate.replicate_position.seen is
'positions that the origin itself had reached then: site number to snapshot';
comment on column bondreplicate.replicate_position.applied_at is 'when the last batch was applied';
comment on column bondreplicate.replicate_position.batches is
'batches applied, empty ones included';
comment on column bondreplicate.replicate_position.rows is 'rows applied';
comment on column bondreplicate.replicate_position.lag_s is
'seconds from the oldest change of the last batch with rows until it was applied';
