update bondreplicate.replicate_counter as c set gone = true
        where c.tab = {tab} and not c.gone;
