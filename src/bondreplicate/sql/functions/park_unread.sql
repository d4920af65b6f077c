-- Parks, each by itself, the changes of a table that have waited and whose key cannot be read as
-- one of the table by now (an enum's label was renamed meanwhile), so that others go on. Where the
-- first thousand are all like that, it is the table, and no use to look at each. Returns whether
-- anything was parked.
create or replace function bondreplicate.park_unread(origin smallint, wanted_tab integer)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    one record;
    readable bigint := 0;
    unread jsonb := '[]';
    enough constant integer := 1000;
begin
    for one in
        select s.key from pg_temp.bond_stage as s
        where s.tab = wanted_tab and s.key is not null and s.seen is not null
    loop
        begin
            execute format('select from pg_temp.fetch_%s($1)', wanted_tab) using one.key;
            readable := readable + 1;
        exception
            when others or assert_failure or query_canceled then
                if not bondreplicate.is_refusal(sqlstate) then
                    raise;
                end if;
                unread := unread || jsonb_build_array(
                    jsonb_build_array(to_jsonb(one.key), sqlerrm)
                );
        end;
        exit when readable = 0 and jsonb_array_length(unread) >= enough;
    end loop;
    if readable = 0 and jsonb_array_length(unread) >= enough then
        return false;
    end if;
    perform bondreplicate.park(
        origin, wanted_tab, bondreplicate.texts_of(u.one -> 0), u.one ->> 1, true
    )
    from jsonb_array_elements(unread) as u (one);
    -- What is no key is compared with nothing: the log is not kept for it.
    update bondreplicate.replicate_parked as p set hash = 0
    from jsonb_array_elements(unread) as u (one), pg_temp.bond_shape as t
    where t.tab = wanted_tab and p.source = origin and p.hash is null
        and p.schema_name = t.schema_name and p.table_name = t.table_name
        and p.key = bondreplicate.texts_of(u.one -> 0);
    return unread <> '[]';
end
$$;
comment on function bondreplicate.park_unread(smallint, integer) is
'parks changes that have waited and whose key cannot be read by now';
