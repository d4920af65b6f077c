-- Where a sequence is.
-- Parameters: schema and name of the sequence.
-- Returns: one row; nulls where it cannot be read just now (locked, dropped meanwhile) or at all
--     (no privilege). pg_sequence_last_value() does not do: it is null until the first nextval(),
--     also after setval(..., false) or RESTART, which are what a check is looking for.
-- Reads: the sequence. Writes: nothing.
create or replace function bondreplicate.sequence_state(
    schema_name name, sequence_name name, out last_value bigint, out is_called boolean
)
language plpgsql strict
set search_path = ''
set lock_timeout = '100ms'
as $$
begin
    execute pg_catalog.format(
        'select s.last_value, s.is_called from %I.%I s', schema_name, sequence_name
    ) into last_value, is_called;
exception
    when undefined_table or invalid_schema_name or insufficient_privilege or lock_not_available
    then
        return;
end
$$;
comment on function bondreplicate.sequence_state(name, name) is
'last_value and is_called of a sequence; null where it cannot be read';
