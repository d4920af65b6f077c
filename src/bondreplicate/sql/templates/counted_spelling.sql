-- Equal keys that are written otherwise (1.0, 1.00) have one count.
        update bondreplicate.replicate_counter as c set key = {key_row}
        from bond_new as r
        where c.tab = {tab} and c.hash = {hash_row} and {key_equal_cr} and c.key <> {key_row};
