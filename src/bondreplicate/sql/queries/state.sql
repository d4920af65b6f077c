-- Of this site, for one target: what it was, and what the server says now. The timeline is that of
-- the log in use: after a promotion, pg_control_checkpoint() tells the old one for minutes.
select s.site, s.maxsites, s.part, s.incarnation, s.system_identifier, s.timeline,
    s.database_oid::bigint, s.pruned_xid::text::bigint as pruned_xid, s.tables_revision,
    s.went_down_at, s.unsent_when_down, c.system_identifier as system_identifier_now,
    bondreplicate.timeline_now() as timeline_now, d.oid::bigint as database_oid_now,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_xid,
    pg_is_in_recovery() as standby, array(
        select array[lower(r.span), upper(r.span)]
        from bondreplicate.replicate_position as m, unnest(m.missed) as r (span)
        where m.site = %(target)s
    ) as missed, (
        select n.forgotten from bondreplicate.replicate_position as n where n.site = %(target)s
    ) as forgotten, (
        select a.seen ->> s.site::text from bondreplicate.replicate_position as a
        where a.site = %(target)s
    ) as told, f.held as proof_held, f.token as proof_token, f.refused, f.culprit
from bondreplicate.replicate_state as s
cross join pg_control_system() as c
cross join pg_database as d
left join bondreplicate.replicate_proof as f on f.site = %(target)s
where d.datname = current_database()
