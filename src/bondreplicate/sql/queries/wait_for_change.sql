select bondreplicate.wait_for_change(
    %(known)s::pg_snapshot, %(pause_s)s, %(pause_max_s)s, %(limit_s)s
)::text
