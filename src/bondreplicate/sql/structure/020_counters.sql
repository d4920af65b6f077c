-- Columns to which the changes of all sites add up.
alter table bondreplicate.replicate_tables
add column counters name [] not null default '{}',
add column counted name [] not null default '{}',
add constraint counters_are_merged_by_row
check (counters = '{}' or resolve = 'row' and policy = 'latest');
comment on column bondreplicate.replicate_tables.counters is
'columns to which the changes of all sites add up; set it alike at every site';
comment on column bondreplicate.replicate_tables.counted is
'what counters says, in effect: it changes when nothing of the table is on its way';

-- It has no primary key for the reasons that replicate_log has none: what writes it in a user's
-- transaction holds the user's row, so that one row has one count.
create table bondreplicate.replicate_counter (
    tab integer not null,
    hash bigint not null,
    key text [] not null,
    base_stamp timestamptz not null default '-infinity',
    base_site smallint not null default 0,
    start jsonb not null default '{}',
    totals jsonb not null default '{}',
    plain_stamp timestamptz not null default '-infinity',
    plain_site smallint not null default 0,
    gone boolean not null default false
);
create index replicate_counter_hash on bondreplicate.replicate_counter (hash);
create index replicate_counter_gone on bondreplicate.replicate_counter (hash) where gone;
alter table bondreplicate.replicate_counter replica identity full;
comment on table bondreplicate.replicate_counter is
'of each row with counters what all sites have added: the value is the start and all totals';
comment on column bondreplicate.replicate_counter.tab is 'replicate_tables.id';
comment on column bondreplicate.replicate_counter.hash is 'as in replicate_log';
comment on column bondreplicate.replicate_counter.key is 'text of each key column';
comment on column bondreplicate.replicate_counter.base_stamp is
'version of the INSERT that what was added counts from; -infinity: from before they were counted';
comment on column bondreplicate.replicate_counter.base_site is
'site of that INSERT; 0: from before they were counted';
comment on column bondreplicate.replicate_counter.start is
'by column, the value that was added to';
comment on column bondreplicate.replicate_counter.totals is
'by site, after how many changes (changes) what it has added to each column; '
'only the site itself moves it';
comment on column bondreplicate.replicate_counter.plain_stamp is
'where start is a value from before the counters were counted, which waited: its version';
comment on column bondreplicate.replicate_counter.plain_site is
'where start is a value from before the counters were counted, which waited: its version';
comment on column bondreplicate.replicate_counter.gone is
'the row was deleted: kept until every site is known to have that';

alter table bondreplicate.replicate_parked
add column counters jsonb,
add column only_counters boolean not null default false;
comment on column bondreplicate.replicate_parked.counters is
'where the table has counters: what the origin knew that all sites had added';
comment on column bondreplicate.replicate_parked.only_counters is
'the row has lost, or is here: what was added to it is still to be applied';

comment on column bondreplicate.replicate_error.kind is
'concurrent, unique, foreign key, truncate, dropped: what clashed; key: it cannot be read any '
'more; counter: what was added to a row that was inserted anew';
