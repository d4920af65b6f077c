-- What is added from now on counts from this INSERT: later than any that is known of the key.
        if {fits} then
            with s as materialized (
                select site, bondreplicate.replicate_now() as stamp
                from bondreplicate.replicate_state
            ),
            begun_anew as (
                update bondreplicate.replicate_counter as c
                set base_stamp = greatest(s.stamp, c.base_stamp + interval '1 microsecond'),
                    base_site = s.site, start = {start_r}, totals = '{{}}', gone = false
                from s cross join bond_new as r
                where c.tab = {tab} and c.hash = {hash_row} and {key_equal_cr}
            )
            insert into bondreplicate.replicate_counter (
                tab, hash, key, base_stamp, base_site, start
            )
            select {tab}, {hash_row}, {key_row}, s.stamp, s.site, {start_r}
            from s cross join bond_new as r
            where not exists (
                select from bondreplicate.replicate_counter as c
                where c.tab = {tab} and c.hash = {hash_row} and {key_equal_cr}
            );
        end if;
