lock table only {table} in share row exclusive mode
