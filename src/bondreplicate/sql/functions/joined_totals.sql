-- What is known of a row's counters from two sides: of each site the total after more changes.
-- totals: by site, an object with `changes` and a sum for each column.
create or replace function bondreplicate.joined_totals(one jsonb, other jsonb)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
select coalesce(jsonb_object_agg(j.site, j.total), '{}')
from (
    select distinct on (e.site) e.site, e.total
    from (
        select o.key as site, o.value as total from jsonb_each(one) as o
        union all
        select o.key, o.value from jsonb_each(other) as o
    ) as e
    order by e.site, (e.total ->> 'changes')::bigint desc
) as j
$$;
comment on function bondreplicate.joined_totals(jsonb, jsonb) is
'what two sides know of the counters of a row';
