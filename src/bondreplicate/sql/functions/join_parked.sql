-- Stages changes of other origins that wait here too, beside those of this one that have waited for
-- a while: of changes that wait for one another, none can be applied by itself. Those that do not
-- fit with the others go on waiting as changes of their own origin (bond_stage.via).
-- Only what is plain: told by the key and the columns of now, by a table the session can apply; and
-- that its own link has tried since this session learned the tables: it knows whether it is of the
-- table that has this name now (those of a site that has left are told by the name).
create or replace function bondreplicate.join_parked(origin smallint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    joined_max constant integer := 1000;
begin
    if not exists (
        select from bondreplicate.replicate_parked as p
        where p.source = origin and not p.refused and p.tries > 1
    ) then
        return;
    end if;
    with found as materialized (
        select distinct on (c.tab, p.key) p.*, c.tab, c.columns as columns_now
        from bondreplicate.replicate_parked as p
        join pg_temp.bond_shape as c
            on c.schema_name = p.schema_name and c.table_name = p.table_name
            and c.held is null and c.made
            and c.key_columns = p.key_columns
            and (p.gone or c.columns <@ p.columns and p.columns <@ c.columns)
            and (p.tried_by > c.learned or p.origin_tab is null)
        where p.source <> origin and p.key <> '{}' and not p.refused and p.tries > 1
            and p.reason not like 'the table was altered since%'
            and not exists (
                select from pg_temp.bond_stage as s
                where s.tab = c.tab and (s.key is null or s.key = p.key)
            )
        order by c.tab, p.key, p.stamp desc, p.site desc, p.repair desc
        limit joined_max
    ),
    joined as (
        insert into pg_temp.bond_joined (id) select f.id from found as f
    )
    insert into pg_temp.bond_stage (
        tab, key, xid, source, mine, stamp, site, repair, gone, merged_into, seen, again, via,
        cells, counters, only_counters, vals
    )
    select f.tab, f.key, f.xid, f.maker, f.xid is null and f.cells is null, f.stamp, f.site,
        f.repair, f.gone, f.merged_into, f.seen, f.again, f.source, f.cells, f.counters,
        f.only_counters, case
            when not f.gone then bondreplicate.pick_values(f.vals, f.columns, f.columns_now)
        end
    from found as f;
end
$$;
comment on function bondreplicate.join_parked(smallint) is
'stages parked changes of other origins too';
