-- Sees to it that the server's log is on disk up to there, before a position that shows what is in
-- it leaves this site: transactions that a crash takes back (those committed with
-- synchronous_commit = off, and those that failed) would have their numbers given out again, and a
-- target that has the numbers would pass over what bears them then.
-- Writes nothing where it is on disk already, as nearly always. One statement, one transaction.
create or replace function bondreplicate.flush_wal(upto pg_lsn)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if pg_current_wal_flush_lsn() >= upto then
        return false;
    end if;
    perform set_config('synchronous_commit', 'local', true);
    perform pg_logical_emit_message(true, 'bondreplicate', '');
    return true;
end
$$;
comment on function bondreplicate.flush_wal(pg_lsn) is
'flushes the server''s log before a position leaves the site';
