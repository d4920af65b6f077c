-- What is added from now on counts from this INSERT: later than any that is known of the key.
        if {fits} then
            {spell}
            insert into bondreplicate.replicate_counter as c (
                tab, hash, key, base_stamp, base_site, start
            )
            with s as materialized (
                select site, bondreplicate.replicate_now() as stamp
                from bondreplicate.replicate_state
            )
            select {tab}, {hash_row}, {key_row}, s.stamp, s.site, {start_r}
            from s cross join bond_new as r
            on conflict (tab, hash, hash_array_extended(key, 0)) do update
            set base_stamp = greatest(
                    excluded.base_stamp, c.base_stamp + interval '1 microsecond'
                ),
                base_site = excluded.base_site, start = excluded.start, totals = '{{}}',
                gone = false;
        end if;
