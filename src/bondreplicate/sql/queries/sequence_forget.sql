-- Forget a sequence that was dropped or has another name.
delete from bondreplicate.replicate_sequence
where schema_name = %(schema)s and sequence_name = %(name)s
