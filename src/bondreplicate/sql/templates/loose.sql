-- Nothing enforces the key: another one is to be followed soon.
    return query
    select s.key, 'several rows here have its key'
    from pg_temp.bond_stage as s join only {table} as t on {key_equal_s}
    where s.tab = {tab} and not s.mine group by s.key having count(*) > 1;
