-- Remembers that the server refuses what was made of a child whose parent went, so that it is not
-- done again: nor with other children of that parent, which the server would not have let go for
-- any of them; but where the parent gave way to another row, with that child alone: see
-- child_may(). Returns whether it was so; then rewind() is due.
create or replace function bondreplicate.take_back(wanted_tab integer, wanted_key text [])
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into pg_temp.bond_refused (tab, key, constraint_name, parent, what)
    select distinct r.tab, r.was, r.constraint_name, r.parent, r.what
    from pg_temp.bond_rewritten as r
    where r.tab = wanted_tab and r.key = wanted_key;
    return found;
end
$$;
comment on function bondreplicate.take_back(integer, text []) is
'remembers that the server refuses what was made of a child';
