-- What waits is of a site that is gone: its numbers of tables are not those of this one.
update pg_temp.bond_shape set origin_tab = null, key_numbers = null, layout = null
where origin_tab is not null
