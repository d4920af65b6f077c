update pg_temp.bond_shape set made = true where tab = any(%(tabs)s)
