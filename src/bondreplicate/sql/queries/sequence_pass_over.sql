-- Remember a sequence that this role may not alter. It counts as released, as replicate_down() has
-- nothing to give back, and as never aligned. The record of an alignment is not overwritten.
insert into bondreplicate.replicate_sequence as r
    (schema_name, sequence_name, original, aligned, reason)
values (%(schema)s, %(name)s, %(original)s, %(aligned)s, %(reason)s)
on conflict (schema_name, sequence_name) do update
set original = excluded.original,
    aligned = excluded.aligned,
    aligned_at = clock_timestamp(),
    reason = excluded.reason
where r.aligned ? 'passed_over'
