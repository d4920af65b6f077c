-- Trigger function of one table: writes the keys of changed
-- rows into replicate_log, in the user's own transaction.
-- One for all events, statement triggers with transition
-- tables; FOR EACH ROW only for an UPDATE that changes the key: the
-- old one remembers the new one, so that children elsewhere follow.
-- Reads replicate_state; writes replicate_log, and replicate_counter where the table has counters.
-- No sequence, no temporary table, no exception block, no dynamic SQL.
create or replace function bondreplicate.{function}()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
{pinned}
as $capture$
begin
    if tg_op = 'TRUNCATE' then
        insert into bondreplicate.replicate_log (xid, stamp, hash, tab, site, source, part)
        select pg_current_xact_id(), bondreplicate.replicate_now(), {tab}, {tab},
            s.site, s.site, s.part
        from bondreplicate.replicate_state as s;
        {count_truncate}
    elsif tg_level = 'ROW' then
        insert into bondreplicate.replicate_log (
            xid, stamp, hash, tab, site, source, part, key, merged_into
        )
        select pg_current_xact_id(), bondreplicate.replicate_now(), {hash_old}, {tab},
            s.site, s.site, s.part, {key_old}, {key_new}
        from bondreplicate.replicate_state as s;
    elsif tg_op = 'DELETE' then
        {count_delete}
        {log_old}
    else
        {count_insert}
        {log_new}
    end if;
    return null;
end
$capture$
