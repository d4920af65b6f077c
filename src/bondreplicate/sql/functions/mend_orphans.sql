-- Mends rows whose parents are missing, parents first: one that stays, stays for all its children.
-- Where the server refuses what that takes, the change that broke it is parked instead.
-- orphans: as pg_temp.orphans_<tab>() gives them.
create or replace function bondreplicate.mend_orphans(origin smallint, me smallint, orphans jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    orphan jsonb;
    broke text;
begin
    perform bondreplicate.keep_stage();
    for orphan in
        select o.one from jsonb_array_elements(orphans) as o (one)
        order by o.one ? 'parent_vals' desc
    loop
        perform bondreplicate.mend_orphan(origin, me, orphan);
    end loop;
exception
    when others or assert_failure or query_canceled then
        if not bondreplicate.is_refusal(sqlstate) then
            raise;
        end if;
        broke := case when orphan ? 'parent_vals' then 'parent' else 'child' end;
        perform bondreplicate.park(
            origin, (orphan ->> (broke || '_tab'))::integer,
            bondreplicate.texts_of(orphan -> (broke || '_key')), sqlerrm
        );
end
$$;
comment on function bondreplicate.mend_orphans(smallint, smallint, jsonb) is
'mends rows whose parents are missing';
