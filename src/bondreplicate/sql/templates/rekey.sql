-- What the log remembers of rows of a table, by its new key; what it remembers of rows that are
-- gone, which cannot have a new one, is forgotten. The caller keeps writers out of the table, and
-- has seen that every site has what is in these entries.
select bondreplicate.note_pruned('l.tab = {tab}'), bondreplicate.forget_parked('l.tab = {tab}');
delete from bondreplicate.replicate_log as l
where l.tab = {tab} and l.key is not null
    and not exists (select from only {table} as t where {same_row});
update bondreplicate.replicate_log as l set hash = {hash_t}, key = {key_t}
from only {table} as t where l.tab = {tab} and l.key is not null and {same_row};
