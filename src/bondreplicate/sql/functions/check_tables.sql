-- Refuses a batch where the tables of this site are others than the session has learned: changes
-- would be passed over, held, or left without a place to merge or to park them. Errors: BR035.
create or replace function bondreplicate.check_tables(origin smallint, revision bigint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    strange integer;
begin
    if revision is distinct from bondreplicate.tables_now() then
        raise exception using errcode = 'BR035', message = 'the tables here have changed';
    end if;
    select s.tab into strange from pg_temp.bond_stage as s
    where not exists (select from pg_temp.bond_shape as c where c.tab = s.tab) limit 1;
    if found then
        raise exception using errcode = 'BR035', message = format(
            'site %s sends rows of table number %s, which is not known here', origin, strange
        );
    end if;
end
$$;
comment on function bondreplicate.check_tables(smallint, bigint) is
'refuses a batch where tables have changed';
