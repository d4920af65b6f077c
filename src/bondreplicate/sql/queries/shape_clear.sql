delete from pg_temp.bond_shape
