-- How far the logical clock of this site has got: a stamp that was made here, and a transaction
-- that began later. One that is younger still and has a lower stamp proves that the wall clock was
-- set back. It stands apart from replicate_state, which every capture trigger reads and which
-- nobody should write every second.
create table bondreplicate.replicate_clock (
    one boolean primary key default true,
    stamp timestamptz not null default 'epoch',
    xid xid8 not null default '0',
    snapshot pg_snapshot not null default '1:1:',
    step_stamp timestamptz not null default 'epoch',
    step_xid xid8 not null default '0',
    step_until xid8,
    steps bigint not null default 0,
    stepped_at timestamptz,
    constraint there_is_one_row check (one)
);
comment on table bondreplicate.replicate_clock is
'how far the logical clock of this site has got: one row, kept by bondreplicate';
comment on column bondreplicate.replicate_clock.one is 'always true';
comment on column bondreplicate.replicate_clock.stamp is
'highest stamp made here, of all changes that the snapshot shows';
comment on column bondreplicate.replicate_clock.xid is
'transaction that began after that: what younger ones do has a later stamp';
comment on column bondreplicate.replicate_clock.snapshot is 'where to go on looking for stamps';
comment on column bondreplicate.replicate_clock.step_stamp is
'the stamp of before the wall clock was set back, while that matters';
comment on column bondreplicate.replicate_clock.step_xid is 'the transaction that belongs to it';
comment on column bondreplicate.replicate_clock.step_until is
'transactions older than this may have stamps of the clock that was set back';
comment on column bondreplicate.replicate_clock.steps is
'how often the wall clock was seen to go back';
comment on column bondreplicate.replicate_clock.stepped_at is
'local clock when it was last seen to have gone back';
insert into bondreplicate.replicate_clock default values;

-- The clock judges only stamps that it made itself.
comment on column bondreplicate.replicate_log.origin_xid is
'for a change applied from another site: a transaction there that had made it; '
'for a row that was there before it was captured: xid';
