-- Which conflicts were taken back, and up to when they are forgotten: what is purged here must not
-- come back when another site tells it again.
alter table bondreplicate.replicate_error
add column undone_at timestamptz, add column undone_by text;
comment on column bondreplicate.replicate_error.undone_at is
'when `conflicts undo` wrote the version that lost back, at this site';
comment on column bondreplicate.replicate_error.undone_by is
'who did that: user of the system and role of the database';

alter table bondreplicate.replicate_state
add column conflicts_purged timestamptz;
comment on column bondreplicate.replicate_state.conflicts_purged is
'conflicts that were found before are purged here, and not taken from other sites again';
