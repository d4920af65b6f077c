-- Mends all clashes of one table, those with the newest versions first. Where a row stands in the
-- way of looking for them (its values cannot be read here, or the expression of an index raises),
-- that one is parked. before, careful: as merge_<tab>() takes them.
-- Returns whether anything was staged, or parked.
create or replace function bondreplicate.mend_clashes(
    origin smallint, me smallint, wanted_tab integer, before pg_snapshot, careful boolean
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    pair record;
    mended boolean := false;
    why text;
begin
    for pair in execute format($q$
        select c.staged_key, c.other_key, c.constraint_name
        from pg_temp.clashes_%1$s(null) as c
        cross join lateral bondreplicate.row_now(%1$s, c.staged_key) as a
        cross join lateral bondreplicate.row_now(%1$s, c.other_key) as b
        order by greatest(a.stamp, b.stamp) desc nulls last, c.staged_key, c.other_key
    $q$, wanted_tab)
    loop
        mended := bondreplicate.mend_clash(
            origin, me, wanted_tab, pair.staged_key, pair.other_key, pair.constraint_name
        ) or mended;
    end loop;
    return mended;
exception
    when others or assert_failure or query_canceled then
        if not bondreplicate.is_refusal(sqlstate) then
            raise;
        end if;
        get stacked diagnostics why = message_text;
        perform bondreplicate.park_culprits(origin, me, wanted_tab, before, careful, why);
        return true;
end
$$;
comment on function bondreplicate.mend_clashes(
    smallint, smallint, integer, pg_snapshot, boolean
) is
'mends rows that share unique values';
