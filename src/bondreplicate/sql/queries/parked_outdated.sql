-- At a target: states of an origin that wait here without a column that their table has at both
-- ends now: it was added, or renamed, since they came.
select
    p.origin_tab,
    p.key,
    p.stamp,
    p.site,
    p.repair,
    coalesce(p.key_columns, c.key_columns)::text [] as key_columns
from bondreplicate.replicate_parked as p
join pg_temp.bond_shape as c
    on p.schema_name = c.schema_name and p.table_name = c.table_name and c.held is null
where
    p.source = %(origin)s
    and p.origin_tab = c.origin_tab
    and not p.gone
    and not c.columns <@ p.columns
