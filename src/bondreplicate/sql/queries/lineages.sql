-- First starts whose rows are at this site.
select array(select l::text from unnest(s.lineages) as l) as lineages
from bondreplicate.replicate_state as s
