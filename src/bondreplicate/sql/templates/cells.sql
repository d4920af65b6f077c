-- The versions that are remembered of a row, each with the columns it wrote: of the same
-- columns the latest, and nothing older than the latest that wrote all. A row that is here counts
-- as written above any TRUNCATE, as in extract_rows.sql.
left join lateral (
    select jsonb_agg(jsonb_build_object(
        'c', case when e.changed is not null then (
            select coalesce(jsonb_agg(c.name), '[]')
            from unnest({numbers}::smallint [], {names}::text []) as c (number, name)
            where c.number = any (e.changed)
        ) end,
        'stamp', e.stamp, 'site', e.site, 'repair', e.repair, 'source', e.source, 'xid', e.xid
    ) order by e.stamp desc, e.site desc, e.repair desc) as cells
    from (
        select d.*, count(*) filter (where d.changed is null) over (
            order by d.stamp desc, d.site desc, d.repair desc
            rows between unbounded preceding and 1 preceding
        ) as under
        from (
            select distinct on (w.changed) w.*
            from (
                select l.changed, l.stamp, l.site, l.repair, l.source,
                    coalesce(l.origin_xid, l.xid) as xid
                from bondreplicate.replicate_log as l
                where l.tab = {tab} and l.hash = {hash_k} and {key_equal_lk}
                union all
                select null, c.stamp, c.site, (c.repair + 1)::smallint, {me}::smallint, greatest(
                        c.xid, (
                            select l.xid from bondreplicate.replicate_log as l
                            where l.tab = {tab} and l.hash = {hash_k} and {key_equal_lk}
                                and l.source = {me}
                            order by l.xid desc limit 1
                        )
                    )
                from bondreplicate.replicate_log as c
                where c.tab = {tab} and c.hash = {tab} and c.key is null and (
                    select exists (
                        select from bondreplicate.replicate_log as a
                        where a.tab = {tab} and a.hash = {tab} and a.key is null
                    )
                )
            ) as w
            order by w.changed, w.stamp desc, w.site desc, w.repair desc
        ) as d
    ) as e
    where e.under = 0 and t.ctid is not null
) as h on true
