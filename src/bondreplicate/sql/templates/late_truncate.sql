from bondreplicate.replicate_log as c
            where c.tab = {tab} and c.hash = {tab} and c.key is null and c.source = {me}
                and (c.repair > 0 or c.origin_xid is not null)
                and c.xid >= pg_snapshot_xmin({since})
                and not pg_visible_in_snapshot(c.xid, {since})
