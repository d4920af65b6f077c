update only {table} as t set {assignments}
        from pg_temp.bond_stage as s
        where s.tab = {tab} and not s.gone and (only_key is null or s.key = only_key)
            and {key_equal_s};
