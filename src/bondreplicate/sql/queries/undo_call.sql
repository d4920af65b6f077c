select pg_temp.bond_undo(%(vals)s::text [], %(place)s::tid, %(settings)s::text [])
