-- What was made here comes back with a site that had changed the row before: it is known here, or
-- known everywhere and forgotten. But a row may stand there with the version of a delete made here:
-- a user was at work on it there when that came. Parts of a row: pass_own_cells(). What all sites
-- have added to its counters may be new.
create or replace function bondreplicate.pass_own_rows(me smallint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select from pg_temp.bond_stage as s where s.source = me and not s.mine and s.cells is null
    ) then
        return;
    end if;
    with own as materialized (
        select s.ctid as place, s.counters is not null as counts
        from pg_temp.bond_stage as s
        where s.source = me and not s.mine and s.cells is null and not s.only_counters
            and (s.gone or not exists (
                select from bondreplicate.replicate_log as l
                where l.xid = s.xid and l.tab = s.tab and l.key = s.key
                    and (l.stamp, l.site, l.repair) = (s.stamp, s.site, s.repair)
            ))
    ),
    counted as (
        update pg_temp.bond_stage as s set only_counters = true
        from own as o where s.ctid = o.place and o.counts
    )
    delete from pg_temp.bond_stage as s using own as o where s.ctid = o.place and not o.counts;
    update pg_temp.bond_stage as s set again = true
    where s.source = me and not s.mine and s.cells is null and not s.only_counters;
end
$$;
comment on function bondreplicate.pass_own_rows(smallint) is
'takes what was made here off the stage';
