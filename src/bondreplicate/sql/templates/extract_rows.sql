-- Current state of the rows of one table whose keys were logged and are not in the position
-- `since`; run in one REPEATABLE READ transaction with all other tables of the batch. Rows in any
-- order, and of several TRUNCATE the last. A state that another site made is sent as its: with the
-- site and the transaction there; others may forget it when all have what that site made, not what
-- this one passed on.
select {target}, {key_text}, k.xid, coalesce(v.stamp, k.stamp), coalesce(v.site, k.site),
    coalesce(v.repair, k.repair), t.ctid is null,
    case when t.ctid is null then k.merged_into end,
    case when t.ctid is not null then array[{vals}]::text [] end, k.source, {cells},
    {counters}
from (
    select distinct on ({key_names}) e.*
    from (
        select {key_typed}, l.xid, l.stamp, l.site, l.repair, l.merged_into, l.source,
            bool_or(l.source = {me}) over (partition by {key_casts}) as made_here
        from (
            select l.key, coalesce(l.origin_xid, l.xid) as xid, l.stamp, l.site, l.repair,
                l.merged_into, l.source
            from bondreplicate.replicate_log as l
            where l.tab = {tab} and l.key is not null and l.xid >= pg_snapshot_xmin({since})
                and not pg_visible_in_snapshot(l.xid, {since})
            -- A TRUNCATE that is late (it waited, or was taken over from a site that left) finds
            -- rows there that are later, and forgotten: what stands here goes with it, above it.
            union all
            select {key_plain}, (select max(c.xid) {late}), (select max(c.stamp) {late}),
                (select c.site {late} order by c.stamp desc, c.site desc, c.repair desc limit 1),
                (select c.repair {late} order by c.stamp desc, c.site desc, c.repair desc limit 1)
                + 1::smallint, null, {me}::smallint
            from only {table} as r
            where (select exists (select {late}))
        ) as l
    ) as e
    where e.made_here
    order by {key_names}, e.stamp desc, e.site desc, e.repair desc
) as k
left join {row_now}
-- A row that a user inserted while the later delete of another site was applied beside it: it
-- stands, so it goes out with the latest version there is of its key. So does one that was stamped
-- below a TRUNCATE (by a transaction whose snapshot showed an older floor of the clock), above it.
left join lateral (
    select l.stamp, l.site, (l.repair + (l.key is null)::integer)::smallint as repair
    from bondreplicate.replicate_log as l
    where l.tab = {tab} and l.hash = any(case
        when t.ctid is not null and (
            select exists (
                select from bondreplicate.replicate_log as c
                where c.tab = {tab} and c.hash = {tab} and c.key is null
            )
        ) then array[{hash_k}, {tab}] else array[{hash_k}]
    end) and (l.key is null or {key_equal_lk})
    order by l.stamp desc, l.site desc, l.repair desc limit 1
) as v on true
{remembered}
{added}
union all
(select {target}, null, l.xid, l.stamp, l.site, l.repair, true, null, null,
    l.source, null, null
from bondreplicate.replicate_log as l
where l.tab = {tab} and l.key is null and l.source = {me}
    and l.xid >= pg_snapshot_xmin({since}) and not pg_visible_in_snapshot(l.xid, {since})
order by l.stamp desc, l.site desc, l.repair desc limit 1)
