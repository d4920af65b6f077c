select s.site, s.maxsites, s.part, s.incarnation, s.system_identifier, s.timeline,
    s.database_oid::bigint, s.pruned_xid::text::bigint as pruned_xid, s.tables_revision,
    s.went_down_at, s.unsent_when_down, c.system_identifier as system_identifier_now,
    p.timeline_id as timeline_now, d.oid::bigint as database_oid_now,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_xid,
    pg_is_in_recovery() as standby, array(
        select array[lower(r.span), upper(r.span)]
        from bondreplicate.replicate_position as m, unnest(m.missed) as r (span)
        where m.site = %(target)s
    ) as missed
from bondreplicate.replicate_state as s, pg_control_system() as c, pg_control_checkpoint() as p,
    pg_database as d
where d.datname = current_database()
