update bondreplicate.replicate_state set maxsites = %(maxsites)s
where maxsites is distinct from %(maxsites)s
