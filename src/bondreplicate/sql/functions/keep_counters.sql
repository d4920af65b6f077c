-- Remembers what is known now of the counters of staged rows of a table: what bond_count has.
-- Errors: 40001 a user has inserted one of the rows meanwhile.
create or replace function bondreplicate.keep_counters(me smallint, wanted_tab integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    missing bigint;
    made bigint;
begin
    perform bondreplicate.log_counters(me, wanted_tab);
    update bondreplicate.replicate_counter as c
    set base_stamp = n.base_stamp, base_site = n.base_site, start = n.start, totals = n.totals,
        plain_stamp = n.plain_stamp, plain_site = n.plain_site
    from pg_temp.bond_count as n
    where c.ctid = n.known and (c.base_stamp, c.base_site, c.start, c.totals, c.plain_stamp)
        is distinct from (n.base_stamp, n.base_site, n.start, n.totals, n.plain_stamp);
    select count(*) into missing
    from pg_temp.bond_count as n
    where n.known is null
        and (n.base_site > 0 or n.totals <> '{}' or n.plain_stamp > '-infinity');
    insert into bondreplicate.replicate_counter (
        tab, hash, key, base_stamp, base_site, start, totals, plain_stamp, plain_site, gone
    )
    select wanted_tab, n.hash, n.key, n.base_stamp, n.base_site, n.start, n.totals, n.plain_stamp,
        n.plain_site, not n.here
    from pg_temp.bond_count as n
    where n.known is null
        and (n.base_site > 0 or n.totals <> '{}' or n.plain_stamp > '-infinity')
    on conflict do nothing;
    get diagnostics made = row_count;
    if made < missing then
        raise serialization_failure
            using message = 'a row with counters was inserted here meanwhile';
    end if;
end
$$;
comment on function bondreplicate.keep_counters(smallint, integer) is
'remembers what is known of the counters of staged rows';
