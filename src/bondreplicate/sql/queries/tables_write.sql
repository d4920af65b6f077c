-- Lists a table, or changes its row; returns its id. What its changes in the log are told by stays
-- while it is not replicated.
insert into bondreplicate.replicate_tables as t (
    schema_name, table_name, active, reason, key_columns, columns, relid, shape,
    key_numbers, key_operators, key_types, merges, column_numbers, counted, lacks
)
select
    %(schema)s, %(table)s, w.active, %(reason)s, %(key)s::name [], %(columns)s::name [],
    %(relid)s, %(shape)s,
    case when w.active then %(key_numbers)s::smallint [] else '{}' end,
    case when w.active then %(key_operators)s::text [] else '{}' end,
    case when w.active then %(key_types)s::text [] else '{}' end,
    %(merges)s, %(column_numbers)s::smallint [],
    %(counted)s::name [],
    case when %(out)s::boolean then o.sites else '{}' end
from (select %(active)s::boolean as active) as w
cross join (
    select coalesce(array_agg(h.site), '{}') as sites from bondreplicate.replicate_hosts as h
) as o
on conflict (schema_name, table_name) do update
set active = excluded.active, reason = excluded.reason, key_columns = excluded.key_columns,
    columns = excluded.columns, relid = excluded.relid, shape = excluded.shape,
    key_numbers = case
        when excluded.active then excluded.key_numbers else t.key_numbers
    end,
    key_operators = case
        when excluded.active then excluded.key_operators else t.key_operators
    end,
    key_types = case when excluded.active then excluded.key_types else t.key_types end,
    merges = excluded.merges, column_numbers = excluded.column_numbers,
    counted = excluded.counted,
    lacks = case when %(out)s::boolean then excluded.lacks else t.lacks end
returning id
