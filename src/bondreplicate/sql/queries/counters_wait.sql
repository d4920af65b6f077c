-- Whether something of a table waits here that says nothing of its counters.
select exists (
    select from bondreplicate.replicate_parked as p
    join bondreplicate.replicate_tables as t
        on t.schema_name = p.schema_name and t.table_name = p.table_name
    where t.id = %(tab)s and p.counters is null and not p.gone
) as waits
