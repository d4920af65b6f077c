-- Staged rows of one table that cannot stand beside another row, staged
-- or here, because of a unique index or an exclusion constraint; rows
-- that are staged count with their new values. Pairs of keys.
create or replace function pg_temp.{function}()
returns table (staged_key text [], other_key text [], constraint_name name)
language plpgsql
as $clashes$
begin
    {blocks}
end
$clashes$
