-- Refuses a batch with rows of a table that this session knows nothing of: there would be no place
-- to merge them, or to park them. Errors: BR035.
create or replace function bondreplicate.check_stage(origin smallint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    strange integer;
begin
    select s.tab into strange from pg_temp.bond_stage as s
    where not exists (select from pg_temp.bond_shape as c where c.tab = s.tab) limit 1;
    if found then
        raise exception using errcode = 'BR035', message = format(
            'site %s sends rows of table number %s, which is not known here', origin, strange
        );
    end if;
end
$$;
comment on function bondreplicate.check_stage(smallint) is
'refuses rows of tables that are not known';
