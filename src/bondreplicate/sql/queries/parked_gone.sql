-- Changes of an origin that wait here and have no table any more: the one that they were made in is
-- dropped there, and here it is gone too, or the origin has another table of that name, which they
-- must not be taken for; or a repair waits for a table that the origin never had, and that is gone.
-- They go on in replicate_error, with their rows; a TRUNCATE has none.
-- tabs: numbers that tables have at the origin; schemas, names: its tables.
with gone as (
    delete from bondreplicate.replicate_parked as p
    where
        p.source = %(source)s::smallint
        and coalesce(p.origin_tab <> all (%(tabs)s::integer []), true)
        and case
            when exists (
                select from unnest(%(schemas)s::name [], %(names)s::name []) as n (a_schema, a_name)
                where (n.a_schema, n.a_name) = (p.schema_name, p.table_name)
            ) then p.origin_tab is not null
            else to_regclass(format('%%I.%%I', p.schema_name, p.table_name)) is null
        end
    returning p.*
)
insert into bondreplicate.replicate_error (
    source, schema_name, table_name, key, kind, rule, outcome, columns,
    loser_stamp, loser_site, loser_repair, loser_row
)
select s.site, g.schema_name, g.table_name, g.key, 'dropped',
    'the table was dropped where the change was made', 'the change waited and was not applied',
    g.columns, g.stamp, g.site, g.repair, g.vals
from gone as g
cross join bondreplicate.replicate_state as s
where g.key <> '{}'
on conflict do nothing
