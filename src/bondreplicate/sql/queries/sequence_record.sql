-- Remember an alignment, under the name that the sequence has now.
insert into bondreplicate.replicate_sequence
    (schema_name, sequence_name, original, aligned, reason)
values (%(schema)s, %(name)s, %(original)s, %(aligned)s, %(reason)s)
on conflict (schema_name, sequence_name) do update
set original = excluded.original,
    aligned = excluded.aligned,
    aligned_at = clock_timestamp(),
    reason = excluded.reason
