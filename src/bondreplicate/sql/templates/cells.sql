-- The versions that are remembered of a row, each with the columns it wrote: of the same
    -- columns the latest, and nothing older than the latest that wrote all.
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
                select distinct on (l.changed) l.changed, l.stamp, l.site, l.repair, l.source,
                    coalesce(l.origin_xid, l.xid) as xid
                from bondreplicate.replicate_log as l
                where l.tab = {tab} and l.hash = {hash_k} and {key_equal_lk}
                order by l.changed, l.stamp desc, l.site desc, l.repair desc
            ) as d
        ) as e
        where e.under = 0 and t.ctid is not null
    ) as h on true
