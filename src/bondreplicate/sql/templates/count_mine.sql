-- A repair has the values of a row from before what sites have added was joined.
    update pg_temp.bond_stage as s set vals = {vals_m}
    from bondreplicate.replicate_counter as c
    where s.tab = {tab} and s.mine and not s.gone and (only_key is null or s.key = only_key)
        and c.tab = {tab} and c.hash = {hash_s} and {key_equal_cs} and c.start <> '{{}}'
        and s.vals is distinct from {vals_m};
