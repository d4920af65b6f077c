-- Forgets the counts of rows that are gone, where nothing that does not know of it can arrive: the
-- log has forgotten the deletion, and nothing of the table is parked, here or at another site.
create or replace function bondreplicate.forget_counters()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from bondreplicate.replicate_counter as c
    where c.gone and not exists (
        select from bondreplicate.replicate_log as l where l.tab = c.tab and l.hash = c.hash
    ) and not exists (
        select from bondreplicate.replicate_log as l where l.tab = c.tab and l.hash = c.tab
    ) and not exists (
        select from bondreplicate.replicate_tables as t
        join bondreplicate.replicate_parked as p
            on p.schema_name = t.schema_name and p.table_name = t.table_name
        where t.id = c.tab
    ) and not exists (
        select from bondreplicate.replicate_tables as t
        join bondreplicate.replicate_position as p
            on format('%I.%I', t.schema_name, t.table_name) = any(p.parked_there)
        join bondreplicate.replicate_hosts as h on h.site = p.site and h.enabled
        where t.id = c.tab
    );
end
$$;
comment on function bondreplicate.forget_counters() is
'forgets the counts of rows that are gone everywhere';
