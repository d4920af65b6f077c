-- One row by its key: where it is, and the text of some columns. lock: `for update`, or nothing.
select
    t.ctid::text as place,
    {vals} as vals
from only {table} as t
where {key_equal}
{lock}
