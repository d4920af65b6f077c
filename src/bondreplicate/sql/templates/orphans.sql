-- Foreign keys of one table after a merge, both ways: locks the parents of
-- staged rows (FOR KEY SHARE), then looks with a fresh snapshot for rows
-- without parent. Returns an array of them, as mend_orphan() takes them.
-- Rows are looked up by the index of their key (`offset 0`, and subqueries that are no joins), also
-- where the planner believes that a table is empty.
create or replace function pg_temp.{function}()
returns jsonb
language plpgsql
set enable_hashjoin = on
as $orphans$
#variable_conflict use_variable
declare
    broken jsonb := '[]';
    more jsonb;
begin
    {blocks}
    return broken;
end
$orphans$
