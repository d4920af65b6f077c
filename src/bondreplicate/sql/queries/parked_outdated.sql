-- At a target: states of an origin that wait here and are not the rows that they were any more: a
-- column was added, renamed, or given another type there since they came.
select
    p.origin_tab,
    p.key,
    p.stamp,
    p.site,
    p.repair
from pg_temp.bond_parked as p
where p.source = %(origin)s and p.origin_tab is not null and p.same_key and not p.whole
