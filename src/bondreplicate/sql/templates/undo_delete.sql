delete from only {table} as t where t.ctid = place;
