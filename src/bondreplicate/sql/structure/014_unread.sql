-- A table that this site cannot read (a privilege, row security, a value too large to send) must
-- not keep all others from a site. What that site was not sent stays in the log, and is logged
-- anew when the table can be read.
create table bondreplicate.replicate_unread (
    tab integer not null,
    site smallint not null,
    since pg_snapshot not null,
    reason text not null,
    at timestamptz not null default clock_timestamp(),
    primary key (tab, site)
);
comment on table bondreplicate.replicate_unread is
'tables that cannot be read here: what has been passed over of them waits in replicate_log';
comment on column bondreplicate.replicate_unread.tab is 'replicate_tables.id';
comment on column bondreplicate.replicate_unread.site is 'site that is not sent its changes';
comment on column bondreplicate.replicate_unread.since is
'snapshot of this site: entries of the table that it does not show have not been sent';
comment on column bondreplicate.replicate_unread.reason is 'the server''s words';
comment on column bondreplicate.replicate_unread.at is 'since when';

comment on column bondreplicate.replicate_error.kind is
'concurrent, unique, foreign key, truncate, dropped: what clashed; key: it cannot be read any more';
