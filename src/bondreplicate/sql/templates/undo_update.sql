update only {table} as t set {assignments} where t.ctid = place;
