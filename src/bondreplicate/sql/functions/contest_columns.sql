-- Decides what becomes of the staged rows in bond_met, all of one table that is merged by column:
-- per column the later version stays. Rows that say nothing new go off the stage; into the others
-- go the columns that stay as they are here. Versions decide alone, so all sites end the same,
-- whatever each knows of constraints.
-- Returns conflicts logged.
create or replace function bondreplicate.contest_columns(me smallint, wanted_tab integer)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    conflicts integer;
begin
    perform bondreplicate.keep_columns(wanted_tab);
    delete from pg_temp.bond_met as m where m.known is null;
    update pg_temp.bond_met as m
    set (stamp, site, repair) = (
            select c.stamp, c.site, c.repair
            from jsonb_to_recordset(m.cells) as c (
                stamp timestamptz, site smallint, repair smallint
            )
            order by c.stamp desc, c.site desc, c.repair desc limit 1
        ),
        t_stamp = (m.known -> 0 ->> 'stamp')::timestamptz,
        t_site = (m.known -> 0 ->> 'site')::smallint,
        t_repair = (m.known -> 0 ->> 'repair')::smallint,
        t_seen = (m.known -> 0 ->> 'seen')::boolean;
    perform bondreplicate.judge_columns(wanted_tab);
    conflicts := bondreplicate.log_absences(me, wanted_tab)
        + bondreplicate.log_columns(me, wanted_tab);
    -- At equal versions a row beats its absence, as in contest.sql.
    delete from pg_temp.bond_stage as s using pg_temp.bond_met as m
    where s.ctid = m.place and case
        when m.gone then (m.t_stamp, m.t_site, m.t_repair) >= (m.stamp, m.site, m.repair)
        when m.here is null then (m.t_stamp, m.t_site, m.t_repair) > (m.stamp, m.site, m.repair)
    end;
    perform bondreplicate.revive_rows(wanted_tab);
    perform bondreplicate.merge_columns(wanted_tab);
    return conflicts;
end
$$;
comment on function bondreplicate.contest_columns(smallint, integer) is
'decides, column by column, what becomes of staged rows';
