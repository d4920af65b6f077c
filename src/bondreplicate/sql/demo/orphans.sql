-- Rows without parent, counted by joining: what the catalog says of a constraint is no proof.
select count(*) as orphans
from {child} as c
left join {parent} as p on {matches}
where {filled} and {missing}
