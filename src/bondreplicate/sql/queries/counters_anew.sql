-- From now on the counters of a table count from what they are.
with former as (
    delete from bondreplicate.replicate_counter where tab = %(tab)s
)
update bondreplicate.replicate_tables
set counters_begun = counters_begun || jsonb_build_object(%(names)s::text, %(begun)s::integer)
where id = %(tab)s and counters <> '{}'
