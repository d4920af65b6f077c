-- What counters were moved by while the table had no triggers is added to the total of this site;
-- but not where something waits that is to move them. The caller keeps writers out of the table.
-- What is, or was, no number begins anew.
{numbers_anew}
update bondreplicate.replicate_counter as c
set gone = false, totals = c.totals || jsonb_build_object(s.site, {total})
from bondreplicate.replicate_state as s cross join only {table} as v
where c.tab = {tab} and c.hash = {hash_v} and {key_equal_cv} and c.start <> '{{}}' and ({differs})
    and not exists (
        select from bondreplicate.replicate_parked as p
        where p.schema_name = {schema_name} and p.table_name = {table_name} and p.key = c.key
    );
update bondreplicate.replicate_counter as c set gone = true
where c.tab = {tab} and not c.gone
    and not exists (select from only {table} as v where {key_equal_cv});
