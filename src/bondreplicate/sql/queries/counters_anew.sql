-- From now on the counters of a table count from what they are.
delete from bondreplicate.replicate_counter where tab = %(tab)s
