-- Whether a change that waits parked needs some entries of the log, to be compared with when it can
-- be applied: a TRUNCATE, and a change that cannot be compared yet because its table is held or has
-- another key, all those of its table; a row of a table that is merged by column, those of the row,
-- because what they have superseded may be a part of it.
-- which: condition on `l`, the entries.
create or replace function bondreplicate.is_awaiting(which text)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    needed boolean;
begin
    if not exists (select from bondreplicate.replicate_parked) then
        return false;
    end if;
    -- One condition for each, so that a table that is merged by row is not joined with the log.
    execute format($q$
        select exists (
            select from bondreplicate.replicate_parked as p
            join bondreplicate.replicate_tables as t
                on t.schema_name = p.schema_name and t.table_name = p.table_name and t.active
            join bondreplicate.replicate_log as l on l.tab = t.id and l.key is not null
            where %1$s and (
                p.key = '{}' or p.hash is null or p.key_columns not in ('{}', t.key_columns)
            )
        ) or exists (
            with waiting as materialized (
                select t.id, p.hash, p.key
                from bondreplicate.replicate_parked as p
                join bondreplicate.replicate_tables as t
                    on t.schema_name = p.schema_name and t.table_name = p.table_name and t.active
                where not p.gone and (t.merges = 'column' or p.cells is not null)
            )
            select from waiting as w
            join bondreplicate.replicate_log as l on l.tab = w.id and l.hash = w.hash
            where %1$s and l.key is not null
            union all
            select from waiting as w
            join bondreplicate.replicate_log as l on l.tab = w.id and l.key = w.key
            where %1$s
        )
    $q$, which) into needed;
    return needed;
end
$$;
comment on function bondreplicate.is_awaiting(text) is
'whether parked changes need entries of the log';
