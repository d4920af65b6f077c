lateral (
            -- What is remembered of the row: the latest, and whether the origin had seen it all.
            select l.stamp, l.site, l.repair, l.merged_into, l.source, l.origin_xid, k.shown,
                l.key is null as cut,
                bool_or((l.stamp, l.site, l.repair) = (s.stamp, s.site, s.repair)) over () as known,
                bool_or(l.repair = 0 and not k.shown) over () as some_unseen,
                bool_or(l.source not in (me, origin)) over () as others
            from bondreplicate.replicate_log as l
            cross join lateral (
                select l.source = origin or not exists (
                    select from pg_temp.bond_aside as a where a.tab = {tab} and a.key = s.key
                ) and pg_visible_in_snapshot(
                    case when l.source = me then l.xid else l.origin_xid end,
                    bondreplicate.position_in(coalesce(s.seen, batch_seen), l.source)
                ) as shown
            ) as k
            where l.tab = {tab} and l.hash in ({hash_s}, {tab}) and (l.key is null or {key_equal_l})
            order by l.stamp desc, l.site desc, l.repair desc
            limit 1
        ) as m
