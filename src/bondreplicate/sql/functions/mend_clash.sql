-- Two rows that a unique index or an exclusion constraint does not let stand together: the later
-- version stays, the other is removed as a repair and remembers which row it was merged into. Where
-- the one that comes was made by somebody who had seen the other as it is here, that one has
-- changed since: the one that comes waits for it. Returns whether anything was staged, or parked.
create or replace function bondreplicate.mend_clash(
    origin smallint, me smallint, tab integer, one text [], other text [], broken name
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    a record;
    b record;
    loser text [];
    winner text [];
begin
    select v.stamp, v.site, v.repair, v.gone into a from bondreplicate.row_now(tab, one) as v;
    select v.stamp, v.site, v.repair, v.gone into b from bondreplicate.row_now(tab, other) as v;
    if a.gone or b.gone then
        return false;
    end if;
    if bondreplicate.is_awaited(origin, me, tab, one, tab, other) then
        perform bondreplicate.park(
            origin, tab, one, format('%s: the row that has the value is about to change', broken)
        );
        return true;
    end if;
    if (coalesce(a.stamp, '-infinity'), coalesce(a.site, 0), coalesce(a.repair, 0), one)
        > (coalesce(b.stamp, '-infinity'), coalesce(b.site, 0), coalesce(b.repair, 0), other) then
        winner := one;
        loser := other;
    else
        winner := other;
        loser := one;
    end if;
    perform bondreplicate.log_repair(me, tab, loser, winner, 'unique',
        'the later row keeps the value', 'the other row was removed', broken);
    perform bondreplicate.stage_repair(me, tab, loser, true, null, winner);
    return true;
end
$$;
comment on function bondreplicate.mend_clash(smallint, smallint, integer, text [], text [], name) is
'removes the older of two rows that share a unique value';
