select bondreplicate.forget_table(%(tab)s)
