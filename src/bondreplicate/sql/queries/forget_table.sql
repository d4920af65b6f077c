select bondreplicate.forget_table(%(tab)s, %(served)s::smallint [])
