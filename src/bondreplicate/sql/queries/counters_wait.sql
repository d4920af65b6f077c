-- Whether something of a table waits here that says nothing of its counters, or what was added
-- before they were taken back.
select exists (
    select from bondreplicate.replicate_parked as p
    join bondreplicate.replicate_tables as t
        on t.schema_name = p.schema_name and t.table_name = p.table_name
    where t.id = %(tab)s and not p.gone
        and (
            p.counters is null
            or %(begun)s::integer > 0 and (p.counters ->> 'begun')::integer <> %(begun)s::integer
        )
) as waits
