-- Which site the sequences of this database belong to; nulls before the first run.
select site, maxsites from bondreplicate.replicate_state
