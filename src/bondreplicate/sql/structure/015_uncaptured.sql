-- Of a table that was not captured for a while: which of its rows were written meanwhile is told by
-- the transactions that wrote them, and they are logged when it is captured again. What had been
-- captured before is still owed to the other sites when a table is released.
alter table bondreplicate.replicate_tables
add column gap_stamp timestamptz, add column gap_xid xid8,
add column owed boolean not null default false, add column triggers text;
comment on column bondreplicate.replicate_tables.gap_stamp is
'stamp for rows that are still to be logged, which were written while nothing was captured';
comment on column bondreplicate.replicate_tables.gap_xid is
'those rows: written by transactions that are not older than this; 0: all rows';
comment on column bondreplicate.replicate_tables.owed is
'the table is released, and other sites have yet to get what was captured before';
comment on column bondreplicate.replicate_tables.triggers is
'the capture triggers as they were made here, so that it shows when they were switched off';

alter table bondreplicate.replicate_clock
add column watched_stamp timestamptz, add column watched_xid xid8;
comment on column bondreplicate.replicate_clock.watched_stamp is
'when the capture triggers of all tables were last seen to be as they were made';
comment on column bondreplicate.replicate_clock.watched_xid is
'oldest transaction that was open then';

update bondreplicate.replicate_tables as t
set gap_stamp = s.went_down_at, gap_xid = '0', owed = true
from bondreplicate.replicate_state as s
where s.went_down_at is not null and t.reason = 'replication is down';
