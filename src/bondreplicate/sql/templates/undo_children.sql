-- Whether rows of a table reference a row that is about to be deleted.
select exists (
    select from {child} as c join only {table} as t on {points_at}
    where t.ctid = {place}::tid
) as found
