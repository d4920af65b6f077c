-- The lowest and highest value in the columns that a sequence fills.
-- Parameters: seq, the sequence; bottom and top, values outside which nothing counts.
-- Returns: one row; nulls where there are no values.
-- Reads: the tables that the sequence fills; an index on the column makes it cheap.
-- Writes: nothing.
create or replace function bondreplicate.sequence_used(
    seq oid, bottom bigint, top bigint, out low bigint, out high bigint
)
language plpgsql
set search_path = ''
as $$
declare
    filled record;
    edges record;
begin
    for filled in
        select n.nspname, c.relname, s.column_name
        from bondreplicate.sequence_columns(array[seq]) s
        join pg_catalog.pg_class c on c.oid = s.table_oid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    loop
        execute pg_catalog.format(
            'select min(t.%1$I)::numeric as low, max(t.%1$I)::numeric as high from %2$I.%3$I t'
            || ' where t.%1$I between $1 and $2',
            filled.column_name, filled.nspname, filled.relname
        ) into edges using bottom, top;
        low := least(low, pg_catalog.floor(edges.low)::bigint);
        high := greatest(high, pg_catalog.ceil(edges.high)::bigint);
    end loop;
end
$$;
comment on function bondreplicate.sequence_used(oid, bigint, bigint) is
'lowest and highest value in the columns that a sequence fills';
