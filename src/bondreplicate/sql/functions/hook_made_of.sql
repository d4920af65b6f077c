-- What a hook is made of, as a digest that is the same at sites where its definition is; null:
-- there is no such function, or it might write.
create or replace function bondreplicate.hook_made_of(hook text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
select md5(concat_ws(
    ' ', l.lanname, p.provolatile, p.prorettype::regtype, p.prosecdef, p.proisstrict,
    p.proargnames, p.proconfig, p.prosrc, p.probin, pg_get_function_sqlbody(p.oid)
))
from pg_proc as p
join pg_language as l on l.oid = p.prolang
where p.oid = to_regprocedure(hook || '(text[],jsonb,jsonb,jsonb,jsonb)')
    and p.provolatile <> 'v'
$$;
comment on function bondreplicate.hook_made_of(text) is
'a digest of what a hook is made of';
