-- Staged rows of one table that cannot stand beside another row, staged
-- or here, because of a unique index or an exclusion constraint; rows
-- that are staged count with their new values. Pairs of keys.
-- wanted: looks at that staged row only; null: at all.
create or replace function pg_temp.{function}(wanted text [])
returns table (staged_key text [], other_key text [], constraint_name name)
language plpgsql
set enable_hashjoin = on
as $clashes$
#variable_conflict use_column
begin
    {blocks}
end
$clashes$
