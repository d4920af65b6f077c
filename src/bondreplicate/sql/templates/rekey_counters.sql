-- What sites have added to rows of a table, by its new key; of rows that are gone it is forgotten.
delete from bondreplicate.replicate_counter as c
where c.tab = {tab} and not exists (select from only {table} as t where {same_row});
-- A new key may be what another row had: so not one after the other.
update bondreplicate.replicate_counter as c set tab = - c.tab, hash = {hash_t}, key = {key_t}
from only {table} as t where c.tab = {tab} and {same_row};
update bondreplicate.replicate_counter as c set tab = {tab} where c.tab = - {tab};
