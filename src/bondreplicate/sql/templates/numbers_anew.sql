update bondreplicate.replicate_counter as c
set gone = false, totals = '{{}}', start = {start_v}, base_site = s.site,
    base_stamp = greatest(
        bondreplicate.replicate_now(), c.base_stamp + interval '1 microsecond'
    )
from bondreplicate.replicate_state as s cross join only {table} as v
where c.tab = {tab} and c.hash = {hash_v} and {key_equal_cv} and c.start <> '{{}}' and ({differs})
    and 'NaN' in ({numbers});
