-- Drops parked changes that a later version in this part of
-- the log has superseded, before that version is forgotten.
create or replace function bondreplicate.forget_parked(part smallint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from bondreplicate.replicate_parked) then
        return;
    end if;
    execute format($q$
        delete from bondreplicate.replicate_parked as p
        using bondreplicate.replicate_log_%s as l, bondreplicate.replicate_tables as t
        where t.schema_name = p.schema_name and t.table_name = p.table_name
            and l.tab = t.id and (l.key = p.key or l.key is null)
            and (l.stamp, l.site, l.repair) > (p.stamp, p.site, p.repair)
    $q$, part);
end
$$;
comment on function bondreplicate.forget_parked(smallint) is
'drops parked changes that later versions superseded';
