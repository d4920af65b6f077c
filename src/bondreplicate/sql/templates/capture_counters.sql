-- Trigger function of one table with counters, for UPDATE: as capture.sql, and besides what each
-- row's counters were moved by is added to the total of this site. Rows are told by their key: one
-- whose key is new begins with what it has, as by INSERT; so does one that is, or was, no number.
-- Nothing is counted while a counter has another name than the function was made for: names are
-- looked up by number in the server's cache, and what names a column that is gone is never planned.
-- Reads replicate_state; writes replicate_log, replicate_counter, under the locks of the rows.
create or replace function bondreplicate.{function}()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
{by_index}
{pinned}
as $capture$
declare
    me constant text := (select site from bondreplicate.replicate_state);
begin
    if {fits} then
        {spell}
        with s as materialized (
            select site, bondreplicate.replicate_now() as stamp from bondreplicate.replicate_state
        ),
        moved as materialized (
            select {key_columns}, count(*) filter (where v.is_new) as is_here,
                count(*) filter (where not v.is_new){and_numbers} as was_here, {sums}
            from (
                select true as is_new, {key_r}, {values_r} from bond_new as r
                union all
                select false, {key_r}, {values_r} from bond_old as r
            ) as v
            group by {key_columns}
        ),
        gone as (
            update bondreplicate.replicate_counter as c set gone = true
            from moved as v
            where v.is_here = 0 and c.tab = {tab} and c.hash = {hash_v} and {key_equal_cv}
        )
        insert into bondreplicate.replicate_counter as c (
            tab, hash, key, base_stamp, base_site, start, totals
        )
        select {tab}, {hash_v}, {key_v},
            case when v.was_here > 0 then '-infinity' else s.stamp end,
            case when v.was_here > 0 then 0 else s.site end,
            case when v.was_here > 0 then {begins} else {ends} end,
            case when v.was_here > 0 then jsonb_build_object(s.site, {first_total}) else '{{}}' end
        from s cross join moved as v
        where v.is_here > 0 and (v.was_here = 0 or {moves})
        on conflict (tab, hash, hash_array_extended(key, 0)) do update
        set gone = false,
            base_stamp = case when excluded.base_site = 0 then c.base_stamp
                else greatest(excluded.base_stamp, c.base_stamp + interval '1 microsecond') end,
            base_site = case when excluded.base_site = 0 then c.base_site
                else excluded.base_site end,
            start = case when excluded.base_site = 0 then c.start else excluded.start end,
            totals = case when excluded.base_site > 0 then '{{}}'
                else c.totals || jsonb_build_object(me, {total}) end;
    end if;
    {log_new}
    return null;
end
$capture$
