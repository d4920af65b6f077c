-- Logs in replicate_error what a repair is about to remove or to undo.
-- Call it before stage_repair().
-- winner_key: the other row that it gave way to. Null: a staged version (a delete, a TRUNCATE)
-- gives way to the row that is here; a row that is here and not staged
-- gives way to nothing. '{}': nothing, as for a child that goes with its parent.
create or replace function bondreplicate.log_repair(
    me smallint, wanted_tab integer, wanted_key text [], winner_key text [],
    kind text, rule text, outcome text, broken name
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    lost record;
    won record;
    staged boolean;
begin
    select r.vals, r.stamp, r.site, r.repair into lost
    from bondreplicate.row_now(wanted_tab, wanted_key) as r;
    staged := exists (
        select from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key = wanted_key
    ) or exists (
        select from pg_temp.bond_stage as s
        where (select b.truncates from pg_temp.bond_batch as b)
            and s.tab = wanted_tab and s.key is null
            and (s.stamp, s.site, s.repair) = (lost.stamp, lost.site, lost.repair)
    );
    select s.vals, s.stamp, s.site, s.repair into won
    from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key = winner_key;
    if not found and (staged or winner_key is not null) and winner_key is distinct from '{}' then
        execute format(
            'select f.vals, f.stamp, f.site, f.repair from pg_temp.fetch_%s($1) as f', wanted_tab
        ) into won using coalesce(winner_key, wanted_key);
    end if;
    insert into bondreplicate.replicate_error (
        source, schema_name, table_name, key, kind, rule, outcome, columns, constraint_name,
        winner_key, winner_stamp, winner_site, winner_repair, winner_row,
        loser_stamp, loser_site, loser_repair, loser_row
    )
    select me, t.schema_name, t.table_name, wanted_key, kind, rule, outcome, t.columns, broken,
        nullif(winner_key, '{}'), won.stamp, won.site, won.repair, won.vals,
        lost.stamp, lost.site, lost.repair, lost.vals
    from pg_temp.bond_shape as t
    where t.tab = wanted_tab
    on conflict do nothing;
end
$$;
comment on function bondreplicate.log_repair(
    smallint, integer, text [], text [], text, text, text, name
) is
'logs what a repair removes or undoes';
