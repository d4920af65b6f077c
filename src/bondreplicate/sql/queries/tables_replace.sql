-- Takes the row of a table that was dropped off the list: another one has its name, and its own
-- number, so that nobody takes the versions of the one for those of the other.
with counters as (
    delete from bondreplicate.replicate_counter where tab = %(id)s
)
delete from bondreplicate.replicate_tables where id = %(id)s
