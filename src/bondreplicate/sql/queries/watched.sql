-- Since when it is not known that the triggers of a table were as they were made. The stamp is
-- above all that was captured, or applied, here: what was written since replaces that.
select
    greatest(
        coalesce(c.watched_stamp, '2000-01-01 00:00:00+00'), c.stamp, s.floor, (
            select max(l.stamp) from bondreplicate.replicate_log as l
            where l.tab = %(tab)s::integer
        )
    ) + interval '1 microsecond' as stamp,
    coalesce(c.watched_xid, '0')::text as xid
from bondreplicate.replicate_clock as c
cross join bondreplicate.replicate_state as s
