copy pg_temp.bond_stage (
    tab, key, xid, stamp, site, repair, gone, merged_into, vals, source, cells, counters
) from stdin
