update bondreplicate.replicate_counter as c set gone = not c.gone
    from pg_temp.bond_stage as s
    where s.tab = {tab} and s.key is not null and (only_key is null or s.key = only_key)
        and c.tab = {tab} and c.hash = {hash_s} and {key_equal_cs}
        and c.gone = exists (select from only {table} as t where {key_equal_s});
    if exists (select from pg_temp.bond_stage as s where s.tab = {tab} and s.key is null) then
        update bondreplicate.replicate_counter as c set gone = true
        where c.tab = {tab} and not c.gone
            and not exists (select from only {table} as t where {key_equal_tc});
    end if;
