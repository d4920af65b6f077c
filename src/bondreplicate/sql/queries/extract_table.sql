select f.tab, f.key, f.xid, f.stamp, f.site, f.repair, f.gone, f.merged_into, f.vals,
    f.source, f.cells, f.counters
from {function}({since}) as f
