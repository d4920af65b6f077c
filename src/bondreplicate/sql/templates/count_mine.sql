-- A child that followed its parent to another key begins there: as the other sites make it, by its
    -- version.
    insert into bondreplicate.replicate_counter as c (tab, hash, key, base_stamp, base_site, start)
    select {tab}, {hash_s}, s.key, s.stamp, s.site, {values_s}
    from pg_temp.bond_stage as s
    where s.tab = {tab} and s.mine and not s.gone and s.counters ? 'begins'
        and (only_key is null or s.key = only_key)
        and not exists (select from only {table} as t where {key_equal_s})
    on conflict (tab, hash, hash_array_extended(key, 0)) do update
    set base_stamp = excluded.base_stamp, base_site = excluded.base_site, start = excluded.start,
        totals = '{{}}', gone = false
    where (excluded.base_stamp, excluded.base_site) > (c.base_stamp, c.base_site);
    -- A repair has the values of a row from before what sites have added was joined.
    update pg_temp.bond_stage as s set vals = {vals_m}
    from bondreplicate.replicate_counter as c
    where s.tab = {tab} and s.mine and not s.gone and (only_key is null or s.key = only_key)
        and c.tab = {tab} and c.hash = {hash_s} and {key_equal_cs} and c.start <> '{{}}'
        and s.vals is distinct from {vals_m};
