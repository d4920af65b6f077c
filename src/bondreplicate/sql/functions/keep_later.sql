-- A staged row that a policy made, and that the server refuses: the later of the two changes stays,
-- and the record says why. Writes pg_temp.bond_stage. Returns whether it is so.
create or replace function bondreplicate.keep_later(
    me smallint, wanted_tab integer, wanted_key text [], why text
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    came record;
    here record;
    lost boolean;
begin
    if not bondreplicate.unprefer(wanted_tab, wanted_key) then
        return false;
    end if;
    select s.vals, s.stamp, s.site, s.repair into came
    from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key = wanted_key;
    execute format(
        'select f.vals, f.stamp, f.site, f.repair from pg_temp.fetch_%s($1) as f', wanted_tab
    ) into here using wanted_key;
    lost := (here.stamp, here.site, here.repair) > (came.stamp, came.site, came.repair);
    insert into bondreplicate.replicate_error (
        source, schema_name, table_name, key, kind, rule, outcome, columns, winner_stamp,
        winner_site, winner_repair, winner_row, loser_stamp, loser_site, loser_repair, loser_row
    )
    select me, t.schema_name, t.table_name, wanted_key, 'concurrent',
        'the later version stays where what its policy made is refused: ' || why,
        case when lost then 'the incoming change was not applied'
            else 'the change made here was replaced' end, t.columns,
        w.stamp, w.site, w.repair, w.vals, l.stamp, l.site, l.repair, l.vals
    from pg_temp.bond_shape as t
    cross join lateral (
        select here.stamp, here.site, here.repair, here.vals where lost
        union all select came.stamp, came.site, came.repair, came.vals where not lost
    ) as w (stamp, site, repair, vals)
    cross join lateral (
        select came.stamp, came.site, came.repair, came.vals where lost
        union all select here.stamp, here.site, here.repair, here.vals where not lost
    ) as l (stamp, site, repair, vals)
    where t.tab = wanted_tab
    on conflict do nothing;
    delete from pg_temp.bond_stage as s
    where lost and s.tab = wanted_tab and s.key = wanted_key;
    return true;
end
$$;
comment on function bondreplicate.keep_later(smallint, integer, text [], text) is
'lets the later change stay where the server refuses what a policy made';
