-- This database becomes a site: the first start, or a copy
-- of another site that the configuration gives a new number.
update bondreplicate.replicate_state as s
set site = %(site)s, maxsites = %(maxsites)s, incarnation = gen_random_uuid(),
    system_identifier = c.system_identifier, timeline = bondreplicate.timeline_now(),
    database_oid = d.oid,
    went_down_at = null, unsent_when_down = null,
    -- A copy has its predecessor's mark, but itself it made nothing that could be forgotten.
    pruned_xid = null,
    -- A copy has the rows of the first start that it stems from, and remembers which that was.
    lineages = case when s.site is null then array[gen_random_uuid()] else s.lineages end
from pg_control_system() as c, pg_database as d
where d.datname = current_database()
