update bondreplicate.replicate_counter as c set gone = true
        from bond_old as r where c.tab = {tab} and c.hash = {hash_row} and {key_equal_cr};
