-- Trigger function of one table that is merged by column, for UPDATE: as capture.sql, and besides
-- which columns of each row were written, those that are merged as one all together. All (null)
-- where the row had another key, where nothing changed (so that a row can be sent by writing it),
-- and while the table has other columns than the function was made for: names are looked up by
-- number in the server's cache, and what names a column that is gone is never planned.
-- Rows are the same where their images are, whatever their types call equal.
-- Reads replicate_state; writes replicate_log.
create or replace function bondreplicate.{function}()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- Transition tables have no statistics: a plan made for one row must do for a million.
set enable_nestloop = off
-- What that makes up for costs is what PostgreSQL up to 17 compiles plans for: 150 ms a statement.
set jit = off
{pinned}
as $capture$
begin
    if not exists (
        select from unnest({numbers}::smallint [], {names}::text []) as c (number, name)
        where (pg_identify_object_as_address('pg_class'::regclass, tg_relid, c.number))
            .object_names[3] is distinct from c.name
    ) then
        insert into bondreplicate.replicate_log (
            xid, stamp, hash, tab, site, source, part, key, changed
        )
        with s as materialized (
            select site, part, greatest(
                clock_timestamp(), floor + greatest(clock_timestamp() - floored_at, '0') / 2
            ) as stamp
            from bondreplicate.replicate_state
        )
        select pg_current_xact_id(), s.stamp, {hash_row}, {tab}, s.site, s.site, s.part, {key_row},
            case when {was_there} then nullif(
                array_remove(array[{changed}]::smallint [], null), '{{}}'
            ) end
        from s cross join bond_new as r left join bond_old as o on {key_same};
    else
        {log_new}
    end if;
    return null;
end
$capture$
