-- Two rows that a unique index or an exclusion constraint does not let stand together: the later
-- version stays, the other is removed as a repair and remembers which row it was merged into.
-- Returns whether anything was staged.
create or replace function bondreplicate.mend_clash(
    me smallint, tab integer, one text [], other text [], broken name
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
comment on function bondreplicate.mend_clash(smallint, integer, text [], text [], name) is
'removes the older of two rows that share a unique value';
