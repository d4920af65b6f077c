(
            -- Where a chain of merged parents goes further, its values of now are not looked for.
            select {vals}
            from (
                select coalesce((
                    select s.merged_into from pg_temp.bond_stage as s
                    where s.tab = {tab} and s.key = r.key
                ), r.key) as key
            ) as k
            join only {parent} as p on {same}
        )
