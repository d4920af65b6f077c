-- Some rows by their keys, as they are now: digest (null: not there),
-- whether a change of it is on its way to a site that has applied `vector`,
-- and why a change of it is parked here. In the order of the keys.
with asked as materialized (
    select
        array(
            select e.text
            from jsonb_array_elements_text(j.key) with ordinality as e (text, place)
            order by e.place
        ) as key,
        j.n
    from jsonb_array_elements(%(keys)s::jsonb) with ordinality as j (key, n)
),
unsent as materialized (
    select case when l.key is not null then {log_key} end as key
    from bondreplicate.replicate_log as l
    where
        l.tab = {tab}
        and l.source <> %(peer)s::smallint
        and not pg_visible_in_snapshot(
            case when l.source = %(own)s::smallint then l.xid else l.origin_xid end,
            bondreplicate.position_in(%(vector)s::jsonb, l.source)
        )
)
select
    r.digest,
    exists (select from unsent as u where u.key is null)
    or asked.key in (select u.key from unsent as u where u.key is not null) as in_flight,
    (
        select min(p.reason) from bondreplicate.replicate_parked as p
        where
            p.schema_name = {schema_name} and p.table_name = {table_name} and p.key = asked.key
    ) as parked
from asked
left join lateral (
    select md5({row}) as digest
    from {table} as t
    where {key_equal}
    limit 1
) as r on true
order by asked.n
