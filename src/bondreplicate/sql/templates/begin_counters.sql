-- Rows of a table that were logged with this stamp, and of which nothing is known that was added
-- to them, begin with what they have, as if they had been inserted then.
insert into bondreplicate.replicate_counter (tab, hash, key, base_stamp, base_site, start)
select {tab}, {hash_row}, {key_row}, {stamp}, s.site, {start_r}
from bondreplicate.replicate_state as s cross join only {table} as r
where exists (
    select from bondreplicate.replicate_log as l
    where l.tab = {tab} and l.hash = {hash_row} and l.key = {key_row} and l.source = s.site
        and l.stamp = {stamp}
) and not exists (
    select from bondreplicate.replicate_counter as c
    where c.tab = {tab} and c.hash = {hash_row} and {key_equal_cr}
)
on conflict do nothing
